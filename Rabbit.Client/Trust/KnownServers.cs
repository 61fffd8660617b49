using System.Globalization;

namespace Rabbit.Client.Trust;

/// <summary>
/// The certificates of servers that were trusted on first use, one line <c>host:port fingerprint</c> each, in a file that
/// only this account can read.
/// </summary>
internal sealed class KnownServers(string file)
{
    /// <summary>Where the list is kept, for messages.</summary>
    public string File => file;

    /// <summary>The list of this account: <c>$XDG_CONFIG_HOME/rabbit/known_servers</c>.</summary>
    public static KnownServers Default() => new(Path.Combine(ClientDirectories.Configuration, "known_servers"));

    /// <summary>The remembered fingerprint, or null.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public string? Find(string host, int port)
    {
        if (!System.IO.File.Exists(file))
            return null;
        string name = Name(host, port);
        return System.IO.File.ReadLines(file).Select(line => line.Split(' ', 2))
            .LastOrDefault(parts => parts.Length == 2 && parts[0] == name)?[1].Trim();
    }

    /// <summary>Remembers a server that was not known.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Add(string host, int port, string fingerprint)
    {
        ClientDirectories.Create(Path.GetDirectoryName(Path.GetFullPath(file))!);
        var options = new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var writer = new StreamWriter(file, options);
        writer.Write($"{Name(host, port)} {fingerprint}\n");
    }

    private static string Name(string host, int port) => string.Create(CultureInfo.InvariantCulture, $"{host}:{port}");
}
