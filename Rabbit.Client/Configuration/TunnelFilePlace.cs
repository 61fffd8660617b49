namespace Rabbit.Client.Configuration;

/// <summary>Where the file of tunnels is.</summary>
internal static class TunnelFilePlace
{
    private const string Name = "tunnels.json";

    /// <summary>Where it is looked for, for people.</summary>
    public const string Usual = "~/.config/rabbit/tunnels.json or /etc/rabbit/tunnels.json";

    /// <summary>The file that was named, or else the first that is where such files usually are.</summary>
    /// <exception cref="FormatException">There is none.</exception>
    public static string Find(string? named) => named
        ?? new[] { Path.Combine(ClientDirectories.Configuration, Name), Path.Combine("/etc/rabbit", Name) }.FirstOrDefault(File.Exists)
        ?? throw new FormatException($"Name the file of the tunnels; there is no {Usual}.");
}
