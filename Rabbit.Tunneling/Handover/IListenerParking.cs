using System.Net.Sockets;

namespace Rabbit.Tunneling.Handover;

/// <summary>Keeps copies of listening sockets outside this process, so that they outlive it.</summary>
public interface IListenerParking
{
    /// <summary>A socket listens.</summary>
    void Park(string name, Socket socket);

    /// <summary>Its port is given up.</summary>
    void Unpark(string name);
}
