using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Rabbit.Tunneling;

/// <summary>CIDR networks (RFC 4632, RFC 4291 section 2.3) as operators write them.</summary>
public static class NetworkText
{
    /// <summary>
    /// Reads a network such as <c>10.0.0.0/8</c>, or a lone address as the network of that address. Bits behind the prefix are taken off:
    /// 10.1.2.3/8 is meant as 10.0.0.0/8.
    /// </summary>
    public static bool TryRead(string text, out IPNetwork network)
    {
        network = default;
        string[] parts = text.Split('/');
        if (parts.Length > 2 || !IPAddress.TryParse(parts[0], out IPAddress? address) || address is { AddressFamily: AddressFamily.InterNetworkV6, ScopeId: not 0 })
            return false;
        // "10" and "0x7f.1" are addresses to the C library, and to nobody who writes a network.
        if (address.AddressFamily == AddressFamily.InterNetwork && parts[0].Count(c => c == '.') != 3)
            return false;
        byte[] bytes = address.GetAddressBytes();
        int length = bytes.Length * 8;
        if (parts.Length == 2 && !(int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out length) && length <= bytes.Length * 8))
            return false;
        for (int i = 0; i < bytes.Length; i++)
            bytes[i] &= (byte)(0xff00 >> Math.Clamp(length - (i * 8), 0, 8));
        network = new IPNetwork(new IPAddress(bytes), length);
        return true;
    }

    /// <summary>Reads networks with commas between them; false when one is none.</summary>
    public static bool TryReadList(string text, out IPNetwork[] networks)
    {
        string[] parts = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        networks = new IPNetwork[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            if (!TryRead(parts[i], out networks[i]))
                return false;
        }
        return true;
    }

    /// <summary>True when one of the networks holds the address, also where that is an IPv4 address in IPv6's clothes.</summary>
    public static bool Contain(this IReadOnlyList<IPNetwork> networks, IPAddress address)
    {
        if (networks.Count == 0)
            return false;
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        foreach (IPNetwork network in networks)
        {
            if (network.Contains(address))
                return true;
        }
        return false;
    }
}
