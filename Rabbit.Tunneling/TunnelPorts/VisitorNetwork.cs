using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Rabbit.Tunneling.TunnelPorts;

/// <summary>What counts as one address: an IPv4 address, or an IPv6 network of 64 bits, in which a customer has them all (RFC 6177).</summary>
internal readonly record struct VisitorNetwork(ulong Prefix, bool IsV6)
{
    public static VisitorNetwork Of(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        return address.AddressFamily == AddressFamily.InterNetworkV6
            ? new VisitorNetwork(BinaryPrimitives.ReadUInt64BigEndian(bytes), IsV6: true)
            : new VisitorNetwork(BinaryPrimitives.ReadUInt32BigEndian(bytes), IsV6: false);
    }
}
