using System.Globalization;

namespace Rabbit.Client.Status.Sharing;

/// <summary>Where running clients listen for who asks how they are: one socket each, named by the process.</summary>
internal static class StatusSockets
{
    private const string Prefix = "tunnel-client-";
    private const string Suffix = ".sock";

    /// <summary>The place for this process.</summary>
    public static string Own { get; } = Path.Combine(
        Environment.GetEnvironmentVariable("RUNTIME_DIRECTORY")?.Split(':')[0] is { Length: > 0 } ofService ? ofService : ClientDirectories.Runtime, // RuntimeDirectory= of systemd.exec(5)
        string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Environment.ProcessId}{Suffix}"));

    /// <summary>Those of this account, and, for who may see them, of services of the system.</summary>
    public static IEnumerable<string> FindAll()
    {
        IEnumerable<string> directories = [ClientDirectories.Runtime, .. List("/run", "tunnel-client*", Directory.EnumerateDirectories)];
        return directories.SelectMany(directory => List(directory, $"{Prefix}*{Suffix}", Directory.EnumerateFiles)).Order(StringComparer.Ordinal);
    }

    private static string[] List(string directory, string pattern, Func<string, string, IEnumerable<string>> enumerate)
    {
        try
        {
            return [.. enumerate(directory, pattern)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
