using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;

namespace Rabbit.Protocol.Proxy;

/// <summary>
/// The header by which a load balancer says, in front of all other bytes, on whose behalf it has connected (The PROXY protocol,
/// versions 1 and 2, haproxy.org, proxy-protocol.txt).
/// </summary>
/// <param name="Source">Who has connected to the load balancer; null when it speaks for itself (LOCAL) or does not say (UNKNOWN).</param>
/// <param name="Destination">Where that peer had connected to; null with the source.</param>
public readonly partial record struct ProxyHeader(IPEndPoint? Source, IPEndPoint? Destination)
{
    /// <summary>
    /// Reads the header that a connection begins with, and not one byte more; null when the peer left before its first byte.
    /// </summary>
    /// <exception cref="ProtocolException">It is no header, or one that is cut off.</exception>
    public static async ValueTask<ProxyHeader?> ReadAsync(PipeReader input, CancellationToken cancellationToken)
    {
        while (true)
        {
            ReadResult result = await input.ReadAsync(cancellationToken);
            ReadOnlySequence<byte> buffer = result.Buffer;
            bool isWhole = TryRead(ref buffer, out ProxyHeader header);
            bool isEmpty = buffer.IsEmpty;
            input.AdvanceTo(buffer.Start, isWhole ? buffer.Start : buffer.End);
            if (isWhole)
                return header;
            if (result.IsCompleted)
                return isEmpty ? null : throw new ProtocolException("The connection ended inside the PROXY header.");
        }
    }

    /// <summary>Takes a whole header off the front of <paramref name="buffer"/>; false when more bytes are needed.</summary>
    /// <exception cref="ProtocolException">It is no header; told at the first byte that shows it.</exception>
    public static bool TryRead(ref ReadOnlySequence<byte> buffer, out ProxyHeader header)
    {
        header = default;
        if (buffer.IsEmpty)
            return false;
        Span<byte> first = stackalloc byte[LongestText];
        int length = (int)Math.Min(buffer.Length, first.Length);
        buffer.Slice(0, length).CopyTo(first);
        int taken = first[0] == TextStart[0] ? ReadText(first[..length], out header) : ReadBinary(first[..length], buffer, out header);
        buffer = buffer.Slice(taken);
        return taken > 0;
    }

    /// <summary>The header in this version; of an address family other than the other's, both are written as IPv6.</summary>
    public byte[] Encode(ProxyVersion version) => version == ProxyVersion.Text ? EncodeText() : EncodeBinary();

    // Both ends in one family, as the header has it.
    private (IPEndPoint Source, IPEndPoint Destination)? Aligned()
    {
        if (Source is null || Destination is null)
            return null;
        return Source.AddressFamily == Destination.AddressFamily ? (Source, Destination) : (AsV6(Source), AsV6(Destination));
    }

    private static IPEndPoint AsV6(IPEndPoint end) =>
        end.AddressFamily == AddressFamily.InterNetwork ? new IPEndPoint(end.Address.MapToIPv6(), end.Port) : end;

    private static ProtocolException NoHeader() => new("The connection does not begin with a PROXY header.");
}
