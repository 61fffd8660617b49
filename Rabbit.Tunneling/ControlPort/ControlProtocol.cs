namespace Rabbit.Tunneling.ControlPort;

/// <summary>What the first bytes on the control port turn out to be (docs/protocol.md, "Detection").</summary>
internal enum ControlProtocol
{
    /// <summary>A TLS client hello; detection starts anew inside it.</summary>
    Tls,

    /// <summary>The native protocol in the version that this server speaks.</summary>
    Native,

    /// <summary>The native protocol in another major version.</summary>
    NativeOtherVersion,

    /// <summary>The legacy line protocol.</summary>
    Legacy,

    /// <summary>An HTTP request, from somebody who took this port for a web server.</summary>
    Http,

    /// <summary>Nothing that is spoken here.</summary>
    Unknown,

    /// <summary>The peer left before it could be told.</summary>
    Ended,
}
