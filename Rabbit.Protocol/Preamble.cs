namespace Rabbit.Protocol;

/// <summary>The first four bytes of a native connection: <c>RBT</c> and the major version (docs/protocol.md, "Preamble").</summary>
public static class Preamble
{
    /// <summary>The major version this code speaks.</summary>
    public const byte MajorVersion = 2;

    /// <summary>Length of the preamble in bytes.</summary>
    public const int Length = 4;

    /// <summary>The name by which a TLS client hello announces the native protocol (RFC 7301).</summary>
    public const string AlpnName = "rabbit/2";

    /// <summary>The bytes <c>RBT</c> 0x02.</summary>
    public static ReadOnlySpan<byte> Bytes => "RBT\x02"u8;
}
