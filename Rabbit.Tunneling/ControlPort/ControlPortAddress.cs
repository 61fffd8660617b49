using System.Net;

namespace Rabbit.Tunneling.ControlPort;

/// <summary>Where the control port listens, known once it is bound.</summary>
public sealed class ControlPortAddress
{
    private IPEndPoint? _bound;

    /// <summary>The bound address.</summary>
    /// <exception cref="InvalidOperationException">The control port is not bound yet.</exception>
    public IPEndPoint Bound
    {
        get => _bound ?? throw new InvalidOperationException("The control port is not bound yet.");
        internal set => _bound = value;
    }
}
