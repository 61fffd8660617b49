using System.Net;

namespace Rabbit.Tunneling.Transport;

/// <summary>
/// An address to be bound by <see cref="SocketListenerFactory"/>. It is a type of its own so that Kestrel, which asks every
/// registered transport whether it can bind an end point, gives us the control port and keeps HTTP for itself.
/// </summary>
internal sealed class TunnelEndPoint(string name, IPAddress address, int port) : EndPoint
{
    /// <summary>The address to bind, with port 0 for a free one.</summary>
    public IPEndPoint Requested { get; } = new(address, port);

    /// <summary>What its socket is called where it is handed over.</summary>
    public string Name => name;

    /// <summary>True where a peer always speaks first: a connection is then accepted with its first bytes.</summary>
    public bool PeerSpeaksFirst { get; init; }

    /// <summary>The address after binding.</summary>
    public IPEndPoint? Bound { get; set; }

    /// <inheritdoc/>
    public override string ToString() => (Bound ?? Requested).ToString();
}
