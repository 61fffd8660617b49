using System.Globalization;

namespace Rabbit.Persistence.Management;

/// <summary>
/// The ports that Linux takes for outgoing connections (ip_local_port_range and ip_local_reserved_ports in the kernel's
/// ip-sysctl). A tunnel port among them can be taken by any connection of this machine, just when its tunnel is to listen.
/// </summary>
public sealed class EphemeralPorts
{
    private const string Kernel = "/proc/sys/net/ipv4";

    private readonly PortRange _range;
    private readonly IReadOnlyList<PortRange> _reserved;

    private EphemeralPorts(PortRange range, IReadOnlyList<PortRange> reserved)
    {
        _range = range;
        _reserved = reserved;
    }

    /// <summary>What holds on this machine; null where it is not known, as on other systems than Linux.</summary>
    /// <param name="directory">Where the kernel's two files are.</param>
    public static EphemeralPorts? Read(string directory = Kernel)
    {
        try
        {
            string[] ends = File.ReadAllText(Path.Combine(directory, "ip_local_port_range")).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            string[] reserved = File.ReadAllText(Path.Combine(directory, "ip_local_reserved_ports")).Trim().Split(',', StringSplitOptions.RemoveEmptyEntries);
            return new EphemeralPorts(new PortRange(Port(ends[0]), Port(ends[1])), [.. reserved.Select(Parse)]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException or OverflowException or IndexOutOfRangeException)
        {
            return null;
        }
    }

    /// <summary>One sentence when tunnel ports may be taken from under their tunnels; else null.</summary>
    public string? Warn(PortRange tunnels)
    {
        int first = Math.Max(tunnels.First, _range.First);
        int last = Math.Min(tunnels.Last, _range.Last);
        if (first > last || Enumerable.Range(first, last - first + 1).All(port => _reserved.Any(range => range.Contains(port))))
            return null;
        return $"The tunnel ports {tunnels} overlap {_range}, from which the kernel takes ports for outgoing connections, so that a tunnel may find its port busy; "
            + $"narrow them with 'rabbit database set-port-range', or add {new PortRange(first, last)} to the sysctl net.ipv4.ip_local_reserved_ports.";
    }

    // A port or a range of them.
    private static PortRange Parse(string text)
    {
        string[] ends = text.Split('-');
        return new PortRange(Port(ends[0]), Port(ends[^1]));
    }

    private static int Port(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
