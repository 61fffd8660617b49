using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Rabbit.Protocol.Tls;

/// <summary>
/// Reads the application protocols out of a TLS ClientHello without taking part in the handshake (RFC 8446 sections
/// 4.1.2 and 5.1, RFC 7301 section 3.1).
/// </summary>
public static class ClientHelloSniffer
{
    /// <summary>Longest ClientHello that is looked into, in bytes; a longer one offers nothing.</summary>
    public const int MaxLength = 16 * 1024;

    /// <summary>The first byte of every TLS handshake record.</summary>
    public const byte HandshakeRecord = 0x16;

    private const int RecordHeaderLength = 5;
    private const int HandshakeHeaderLength = 4;
    private const byte ClientHello = 1;
    private const ushort AlpnExtension = 16;

    /// <summary>
    /// Tells whether the ClientHello at the start of <paramref name="soFar"/> offers <paramref name="alpn"/>; null when
    /// more bytes are needed to tell, false when it is malformed or too long. A hello split over records is joined.
    /// </summary>
    public static bool? Offers(in ReadOnlySequence<byte> soFar, string alpn)
    {
        byte[] hello = ArrayPool<byte>.Shared.Rent(MaxLength);
        try
        {
            bool? whole = Join(soFar, hello, out int length);
            return whole == true ? Offers(hello.AsSpan(0, length), Encoding.ASCII.GetBytes(alpn)) : whole;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(hello);
        }
    }

    /// <summary>Takes the hello's body out of its records: true when it is whole, null when more is needed.</summary>
    private static bool? Join(in ReadOnlySequence<byte> soFar, Span<byte> hello, out int length)
    {
        var reader = new SequenceReader<byte>(soFar);
        Span<byte> header = stackalloc byte[RecordHeaderLength];
        int joined = 0;
        length = 0;
        while (true)
        {
            int known = (int)Math.Min(reader.Remaining, RecordHeaderLength);
            reader.TryCopyTo(header[..known]);
            if ((known > 0 && header[0] != HandshakeRecord) || (known > 1 && header[1] != 3))
                return false;
            if (known < RecordHeaderLength)
                return null;
            int payload = BinaryPrimitives.ReadUInt16BigEndian(header[3..]);
            if (payload is 0 or > MaxLength || joined + payload > hello.Length)
                return false;
            reader.Advance(RecordHeaderLength);

            int available = (int)Math.Min(reader.Remaining, payload);
            reader.TryCopyTo(hello.Slice(joined, available));
            reader.Advance(available);
            joined += available;
            if (joined > 0 && hello[0] != ClientHello)
                return false;
            if (joined >= HandshakeHeaderLength)
            {
                int body = (hello[1] << 16) | BinaryPrimitives.ReadUInt16BigEndian(hello[2..]);
                if (body > MaxLength - HandshakeHeaderLength)
                    return false;
                length = HandshakeHeaderLength + body;
                if (joined >= length)
                    return true;
            }
            if (available < payload)
                return null;
        }
    }

    private static bool Offers(ReadOnlySpan<byte> hello, ReadOnlySpan<byte> alpn)
    {
        // legacy_version, random; then legacy_session_id, cipher_suites, legacy_compression_methods; then extensions.
        ReadOnlySpan<byte> rest = hello[HandshakeHeaderLength..];
        if (!TryTake(ref rest, 2 + 32, out _) || !TryTakeVector(ref rest, 1, out _) || !TryTakeVector(ref rest, 2, out _)
            || !TryTakeVector(ref rest, 1, out _) || !TryTakeVector(ref rest, 2, out ReadOnlySpan<byte> extensions))
            return false;
        while (TryTake(ref extensions, 2, out ReadOnlySpan<byte> type) && TryTakeVector(ref extensions, 2, out ReadOnlySpan<byte> data))
        {
            if (BinaryPrimitives.ReadUInt16BigEndian(type) != AlpnExtension)
                continue;
            if (!TryTakeVector(ref data, 2, out ReadOnlySpan<byte> names))
                return false;
            while (TryTakeVector(ref names, 1, out ReadOnlySpan<byte> name))
            {
                if (name.SequenceEqual(alpn))
                    return true;
            }
            return false;
        }
        return false;
    }

    private static bool TryTakeVector(ref ReadOnlySpan<byte> rest, int lengthBytes, out ReadOnlySpan<byte> vector)
    {
        vector = default;
        if (!TryTake(ref rest, lengthBytes, out ReadOnlySpan<byte> length))
            return false;
        return TryTake(ref rest, lengthBytes == 1 ? length[0] : BinaryPrimitives.ReadUInt16BigEndian(length), out vector);
    }

    private static bool TryTake(ref ReadOnlySpan<byte> rest, int count, out ReadOnlySpan<byte> taken)
    {
        taken = default;
        if (rest.Length < count)
            return false;
        taken = rest[..count];
        rest = rest[count..];
        return true;
    }
}
