namespace Rabbit.Client.Configuration;

/// <summary>The settings that a file of tunnels may have (docs/client.md); they are those of <c>connect</c>, with underscores.</summary>
internal static class TunnelKeys
{
    /// <summary>The object of tunnels.</summary>
    public const string Tunnels = "tunnels";

    /// <summary>What each tunnel has for itself.</summary>
    private static readonly string[] OfTunnel = ["uri", "token", "token_file", "local_port", "local_socket"];

    /// <summary>What may also stand before the tunnels, and then holds for all of them.</summary>
    public static readonly string[] Shared =
    [
        "server", "fingerprint", "ca", "certificate", "certificate_key", "plaintext", "name", "local_host", "proxy_protocol", "health", "health_interval",
        "socket_buffer", "no_direct", "no_standby",
    ];

    /// <summary>The keys of the whole file.</summary>
    public static readonly string[] OfFile = [.. Shared, Tunnels];

    /// <summary>The keys of one tunnel.</summary>
    public static readonly string[] All = [.. OfTunnel, .. Shared];

    /// <summary>The one that was most likely meant, or null when none is like it.</summary>
    public static string? Nearest(string key, IEnumerable<string> known)
    {
        string plain = key.Replace('-', '_').ToLowerInvariant();
        var (nearest, distance) = known.Select(candidate => (candidate, Distance: Distance(plain, candidate))).MinBy(pair => pair.Distance);
        return distance <= Math.Max(2, nearest.Length / 3) ? nearest : null;
    }

    // Levenshtein's: characters to insert, delete or replace.
    private static int Distance(string a, string b)
    {
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[^1];
    }
}
