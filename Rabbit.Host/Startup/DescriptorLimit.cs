using System.Globalization;
using Rabbit.Persistence.Management;

namespace Rabbit.Host.Startup;

/// <summary>
/// Sees at a start that the process may open a descriptor for every tunnel port, so that it does not run out of them later,
/// when tunnels are up: RLIMIT_NOFILE (getrlimit(2)).
/// </summary>
internal static class DescriptorLimit
{
    /// <summary>Descriptors beside the ports': connections, the database, the log, the program itself.</summary>
    public const int Reserve = 1000;

    /// <summary>Compares the range with this process's limit; does nothing where that is not known, as on other systems than Linux.</summary>
    /// <exception cref="IOException">One sentence with the number to set.</exception>
    public static void Check(PortRange range)
    {
        if (ReadLimit() is not { } limit || range.Count + Reserve <= limit)
            return;
        int needed = range.Count + Reserve;
        string narrower = limit > Reserve
            ? $", or narrow the range with 'rabbit database set-port-range {range with { Last = range.First + (int)limit - Reserve - 1 }}'"
            : "";
        throw new IOException(
            $"The {range.Count} tunnel ports {range} need {needed} file descriptors, one each and {Reserve} for everything else, and this process may open {limit}; "
            + $"raise its limit ('ulimit -n {needed}' before the start, LimitNOFILE={needed} in a systemd unit){narrower}.");
    }

    /// <summary>How many descriptors this process may open, or null where that is not known.</summary>
    public static long? ReadLimit()
    {
        // "Max open files", then the soft and the hard limit (proc(5)). The runtime has raised the soft one to the hard one when it
        // started, so that the soft one is all there is to be had.
        const string Name = "Max open files";
        const string Limits = "/proc/self/limits";
        if (!File.Exists(Limits) || File.ReadLines(Limits).FirstOrDefault(line => line.StartsWith(Name, StringComparison.Ordinal)) is not { } line)
            return null;
        string soft = line[Name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
        return long.TryParse(soft, CultureInfo.InvariantCulture, out long limit) ? limit : null;
    }
}
