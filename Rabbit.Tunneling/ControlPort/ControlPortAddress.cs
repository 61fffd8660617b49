using System.Net;
using Rabbit.Tunneling.Transport;

namespace Rabbit.Tunneling.ControlPort;

/// <summary>Where the control port listens, known once it is bound.</summary>
public sealed class ControlPortAddress
{
    internal TunnelEndPoint? EndPoint { get; set; }

    /// <summary>The bound address.</summary>
    /// <exception cref="InvalidOperationException">The control port is not bound yet.</exception>
    public IPEndPoint Bound => EndPoint?.Bound ?? throw new InvalidOperationException("The control port is not bound yet.");
}
