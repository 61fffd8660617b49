using Rabbit.Tunneling;

namespace Rabbit.Persistence.Management;

/// <summary>CIDR networks (RFC 4632) as they are stored: with a space between them, and ! in front of those that are denied.</summary>
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
            if (text is not { Length: > 0 and <= LongestText } || NetworkRules.Normalize(text) is not { } network)
                return $"{field} must hold networks such as 10.0.0.0/8 or 2001:db8::/32, with ! in front of those that are denied.";
            networks.Add(network);
        }
        stored = string.Join(' ', networks.Distinct(StringComparer.Ordinal));
        return null;
    }

    /// <summary>What is stored, one by one.</summary>
    public static string[] Split(string stored) => stored.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>What is stored, to be compared with addresses.</summary>
    public static NetworkRules Parse(string stored) => NetworkRules.TryRead(Split(stored), out NetworkRules rules) ? rules
        : throw new FormatException("The networks of a token cannot be read; set them anew.");
}
