using System.Net;
using System.Net.Sockets;

namespace Rabbit.Persistence.Management;

/// <summary>CIDR networks (RFC 4632) as they are stored: with a space between them.</summary>
internal static class NetworkList
{
    private const int Most = 100;
    private const int LongestText = 64;

    /// <summary>Reads networks as operators write them, a lone address among them; one sentence when one is not valid, or null.</summary>
    public static string? Read(string field, IReadOnlyList<string?> texts, out string? stored)
    {
        stored = null;
        if (texts.Count > Most)
            return $"{field} may hold {Most} networks; join some to larger ones.";
        var networks = new List<string>(texts.Count);
        foreach (string? text in texts)
        {
            if (text is not { Length: > 0 and <= LongestText } || !TryRead(text.Trim(), out IPNetwork network))
                return $"{field} must hold networks such as 10.0.0.0/8 or 2001:db8::/32.";
            networks.Add(network.ToString());
        }
        stored = string.Join(' ', networks.Distinct(StringComparer.Ordinal));
        return null;
    }

    /// <summary>What is stored, one by one.</summary>
    public static string[] Split(string stored) => stored.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>What is stored, to be compared with addresses.</summary>
    public static IPNetwork[] Parse(string stored) => [.. Split(stored).Select(IPNetwork.Parse)];

    // Bits behind the prefix are taken off: 10.1.2.3/8 is meant as 10.0.0.0/8.
    private static bool TryRead(string text, out IPNetwork network)
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
        if (parts.Length == 2 && !(int.TryParse(parts[1], System.Globalization.NumberStyles.None, null, out length) && length <= bytes.Length * 8))
            return false;
        for (int i = 0; i < bytes.Length; i++)
            bytes[i] &= (byte)(0xff00 >> Math.Clamp(length - i * 8, 0, 8));
        network = new IPNetwork(new IPAddress(bytes), length);
        return true;
    }
}
