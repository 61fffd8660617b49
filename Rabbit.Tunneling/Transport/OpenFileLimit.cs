using System.Globalization;

namespace Rabbit.Tunneling.Transport;

/// <summary>How many descriptors this process may have open: RLIMIT_NOFILE (getrlimit(2)).</summary>
public static class OpenFileLimit
{
    // "Max open files", then the soft and the hard limit (proc(5)). The runtime has raised the soft one to the hard one when it
    // started, so that the soft one is all there is to be had.
    private const string Name = "Max open files";
    private const string Limits = "/proc/self/limits";

    /// <summary>The limit, or null where it is not known, as on other systems than Linux.</summary>
    public static long? Read()
    {
        if (!File.Exists(Limits) || File.ReadLines(Limits).FirstOrDefault(line => line.StartsWith(Name, StringComparison.Ordinal)) is not { } line)
            return null;
        string soft = line[Name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
        return long.TryParse(soft, CultureInfo.InvariantCulture, out long limit) ? limit : null;
    }
}
