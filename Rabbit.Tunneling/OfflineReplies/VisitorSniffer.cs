using System.Buffers;
using System.Text;
using Rabbit.Protocol.Tls;

namespace Rabbit.Tunneling.OfflineReplies;

/// <summary>
/// Tells from the first bytes of a connection what it speaks. It looks at no more than <see cref="LookAhead"/> bytes and
/// decides at the first byte that leaves one answer.
/// </summary>
internal static class VisitorSniffer
{
    /// <summary>With this many bytes the answer is never <see cref="VisitorProtocol.Undecided"/>.</summary>
    public const int LookAhead = 32;

    /// <summary>Length of an SSLRequest or GSSENCRequest: after its answer, sniffing goes on behind it.</summary>
    public const int PostgresRequestLength = PostgresStartup.HeaderLength;

    /// <summary>Decides on all that has arrived so far.</summary>
    public static VisitorProtocol Sniff(in ReadOnlySequence<byte> soFar)
    {
        Span<byte> copy = stackalloc byte[LookAhead];
        int length = (int)Math.Min(soFar.Length, LookAhead);
        soFar.Slice(0, length).CopyTo(copy);
        ReadOnlySpan<byte> bytes = copy[..length];
        if (bytes.IsEmpty)
            return VisitorProtocol.Undecided;
        return bytes[0] switch
        {
            0 => PostgresStartup.Sniff(bytes),
            ClientHelloSniffer.HandshakeRecord => SniffTls(bytes),
            (byte)'*' => SniffRedisArray(bytes),
            _ => SniffText(bytes),
        };
    }

    /// <summary>A record of type handshake and version 3.x (RFC 8446 section 5.1).</summary>
    private static VisitorProtocol SniffTls(ReadOnlySpan<byte> bytes) => bytes switch
    {
        [_] => VisitorProtocol.Undecided,
        [_, 3, ..] => VisitorProtocol.Tls,
        _ => VisitorProtocol.Unknown,
    };

    /// <summary>An array's type byte and its length (Redis serialization protocol specification, "Arrays").</summary>
    private static VisitorProtocol SniffRedisArray(ReadOnlySpan<byte> bytes) => bytes switch
    {
        [_] => VisitorProtocol.Undecided,
        [_, >= (byte)'0' and <= (byte)'9', ..] => VisitorProtocol.Redis,
        _ => VisitorProtocol.Unknown,
    };

    private static VisitorProtocol SniffText(ReadOnlySpan<byte> bytes)
    {
        if (bytes.StartsWith("SSH-"u8))
            return VisitorProtocol.Ssh;
        if (bytes.StartsWith("rbt_"u8))
            return VisitorProtocol.LegacyClient;
        if (bytes is [(byte)'R', (byte)'B', (byte)'T', < 0x20 and not ((byte)'\r' or (byte)'\n'), ..])
            return VisitorProtocol.NativeClient;

        int end = bytes.IndexOfAnyExcept(FirstWords.Characters);
        if (end > FirstWords.MaxLength || (end < 0 && bytes.Length > FirstWords.MaxLength))
            return VisitorProtocol.Unknown;
        return end < 0 ? VisitorProtocol.Undecided : SniffFirstWord(bytes[..end], bytes[end..]);
    }

    /// <summary>An HTTP request line (RFC 9112 section 3) or an inline Redis command; both begin with a word.</summary>
    private static VisitorProtocol SniffFirstWord(ReadOnlySpan<byte> word, ReadOnlySpan<byte> rest)
    {
        if (word.IsEmpty || rest[0] is not ((byte)' ' or (byte)'\r' or (byte)'\n'))
            return VisitorProtocol.Unknown;
        if (rest[0] == ' ')
        {
            if (word.SequenceEqual("HEAD"u8))
                return VisitorProtocol.HttpHead;
            // GET and a few more are commands of both; only HTTP goes on with a path or a URL.
            if (rest.Length == 1)
                return VisitorProtocol.Undecided;
            if (rest[1] == '/' || FirstWords.IsHttpMethod(word))
                return VisitorProtocol.Http;
            if (Ascii.EqualsIgnoreCase(word, "GET"u8))
                return SniffUrl(rest[1..]);
        }
        return FirstWords.IsRedisCommand(word) ? VisitorProtocol.Redis : VisitorProtocol.Unknown;
    }

    private static VisitorProtocol SniffUrl(ReadOnlySpan<byte> target)
    {
        ReadOnlySpan<byte> scheme = "http"u8;
        int length = Math.Min(target.Length, scheme.Length);
        if (!target[..length].SequenceEqual(scheme[..length]))
            return VisitorProtocol.Redis;
        return length == scheme.Length ? VisitorProtocol.Http : VisitorProtocol.Undecided;
    }
}
