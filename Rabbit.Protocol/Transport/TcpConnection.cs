namespace Rabbit.Protocol.Transport;

/// <summary>How a TCP connection stands (RFC 9293 section 3.3.2), as far as it matters here.</summary>
public enum TcpConnection
{
    /// <summary>Open, or on the way there or from there by our own doing.</summary>
    Other,

    /// <summary>The peer has ended its direction (CLOSE-WAIT).</summary>
    EndedByPeer,

    /// <summary>Reset, or given up (CLOSED).</summary>
    Closed,
}
