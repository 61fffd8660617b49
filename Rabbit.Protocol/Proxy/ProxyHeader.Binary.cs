using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Rabbit.Protocol.Proxy;

/// <summary>
/// Version 2: a signature, version and command, family, length, then the addresses, and extensions, which are passed over
/// (section 2.2).
/// </summary>
public readonly partial record struct ProxyHeader
{
    private const int FixedLength = 16;
    private const int Version = 2;
    private const int Local = 0;
    private const int Proxy = 1;
    private const byte Tcp4 = 0x11;
    private const byte Tcp6 = 0x21;
    private const byte Unspecified = 0x00;
    private const byte UnixStream = 0x31;

    /// <summary>Longest part behind the fixed one; all that precedes a login must fit into 4 KiB.</summary>
    private const int LongestRest = ProtocolLimits.UnauthenticatedPayload - FixedLength;

    private static ReadOnlySpan<byte> Signature => "\r\n\r\n\0\r\nQUIT\n"u8;

    /// <summary>Bytes of the header, or 0 when it is not whole.</summary>
    private static int ReadBinary(ReadOnlySpan<byte> first, in ReadOnlySequence<byte> buffer, out ProxyHeader header)
    {
        header = default;
        int known = Math.Min(first.Length, Signature.Length);
        if (!first[..known].SequenceEqual(Signature[..known]))
            throw NoHeader();
        if (first.Length > Signature.Length && first[12] >> 4 != Version)
            throw new ProtocolException($"The PROXY header has version {first[12] >> 4}; 1 and 2 are read here.");
        if (first.Length < FixedLength)
            return 0;
        int command = first[12] & 0xf;
        if (command is not (Local or Proxy))
            throw new ProtocolException($"The PROXY header has the unknown command {command}.");
        int rest = BinaryPrimitives.ReadUInt16BigEndian(first[14..]);
        if (rest > LongestRest)
            throw new ProtocolException($"The PROXY header announces {rest} bytes; {LongestRest} are the most.");
        if (buffer.Length < FixedLength + rest)
            return 0;
        if (command == Proxy)
            header = ReadAddresses(first[13], first.Slice(FixedLength, Math.Min(rest, first.Length - FixedLength)));
        return FixedLength + rest;
    }

    private static ProxyHeader ReadAddresses(byte family, ReadOnlySpan<byte> addresses)
    {
        int size = family switch
        {
            Tcp4 => 4,
            Tcp6 => 16,
            Unspecified or UnixStream => 0, // Not said, or nothing that a visitor's address could be.
            _ => throw new ProtocolException($"The PROXY header has the family 0x{family:x2}; a tunnel carries TCP only."),
        };
        if (size == 0)
            return default;
        if (addresses.Length < 2 * (size + 2))
            throw new ProtocolException("The PROXY header is too short for its addresses.");
        return new ProxyHeader(
            new IPEndPoint(new IPAddress(addresses[..size]), BinaryPrimitives.ReadUInt16BigEndian(addresses[(2 * size)..])),
            new IPEndPoint(new IPAddress(addresses.Slice(size, size)), BinaryPrimitives.ReadUInt16BigEndian(addresses[((2 * size) + 2)..])));
    }

    private byte[] EncodeBinary()
    {
        var ends = Aligned();
        int size = ends is null ? 0 : ends.Value.Source.AddressFamily == AddressFamily.InterNetwork ? 4 : 16;
        int rest = size == 0 ? 0 : 2 * (size + 2);
        byte[] header = new byte[FixedLength + rest];
        Signature.CopyTo(header);
        header[12] = (byte)((Version << 4) | (size == 0 ? Local : Proxy));
        header[13] = size switch { 0 => Unspecified, 4 => Tcp4, _ => Tcp6 };
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(14), (ushort)rest);
        if (ends is var (source, destination))
        {
            Span<byte> addresses = header.AsSpan(FixedLength);
            source.Address.TryWriteBytes(addresses, out _);
            destination.Address.TryWriteBytes(addresses[size..], out _);
            BinaryPrimitives.WriteUInt16BigEndian(addresses[(2 * size)..], (ushort)source.Port);
            BinaryPrimitives.WriteUInt16BigEndian(addresses[((2 * size) + 2)..], (ushort)destination.Port);
        }
        return header;
    }
}
