using System.Buffers.Binary;

namespace Rabbit.Tunneling.OfflineReplies;

/// <summary>
/// Recognizes the untyped first messages of PostgreSQL: i32 length, which includes itself, and an i32 that is a request
/// code or the protocol version (PostgreSQL documentation, Frontend/Backend Protocol, "Message Formats": StartupMessage,
/// SSLRequest, GSSENCRequest, CancelRequest).
/// </summary>
internal static class PostgresStartup
{
    /// <summary>Length and code; also the whole of SSLRequest and GSSENCRequest.</summary>
    public const int HeaderLength = 8;

    /// <summary>The server's own limit, MAX_STARTUP_PACKET_LENGTH.</summary>
    private const int MaxLength = 10_000;

    private const int SslRequest = 80877103;
    private const int GssRequest = 80877104;
    private const int CancelRequest = 80877102;
    private const int MajorVersion = 3;

    /// <summary>Decides on bytes of which the first is 0.</summary>
    public static VisitorProtocol Sniff(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length >= 4 ? !IsLength(BinaryPrimitives.ReadInt32BigEndian(bytes)) : bytes is [_, not 0, ..])
            return VisitorProtocol.Unknown;
        // A version begins with 0, a request code with 4.
        if (bytes.Length >= 5 && bytes[4] is not (0 or SslRequest >> 24))
            return VisitorProtocol.Unknown;
        if (bytes.Length < HeaderLength)
            return VisitorProtocol.Undecided;
        return (BinaryPrimitives.ReadInt32BigEndian(bytes), BinaryPrimitives.ReadInt32BigEndian(bytes[4..])) switch
        {
            (HeaderLength, SslRequest) => VisitorProtocol.PostgresSslRequest,
            (HeaderLength, GssRequest) => VisitorProtocol.PostgresGssRequest,
            ( > HeaderLength, CancelRequest) => VisitorProtocol.PostgresCancel,
            (_, int version) when version >> 16 == MajorVersion => VisitorProtocol.Postgres,
            _ => VisitorProtocol.Unknown,
        };
    }

    private static bool IsLength(int length) => length is >= HeaderLength and <= MaxLength;
}
