using Rabbit.Persistence.Management;
using Rabbit.Tunneling.Transport;

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
        if (OpenFileLimit.Read() is not { } limit || range.Count + Reserve <= limit)
            return;
        int needed = range.Count + Reserve;
        string narrower = limit > Reserve
            ? $", or narrow the range with 'rabbit database set-port-range {range with { Last = range.First + (int)limit - Reserve - 1 }}'"
            : "";
        throw new IOException(
            $"The {range.Count} tunnel ports {range} need {needed} file descriptors, one each and {Reserve} for everything else, and this process may open {limit}; "
            + $"raise its limit ('ulimit -n {needed}' before the start, LimitNOFILE={needed} in a systemd unit){narrower}.");
    }
}
