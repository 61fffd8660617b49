using System.Globalization;
using Rabbit.Tunneling.Handover;

namespace Rabbit.Host.Systemd;

/// <summary>
/// The listening sockets that systemd passes to a process it starts: those of socket units, and those that an earlier process has left
/// with it (sd_listen_fds(3)).
/// </summary>
internal static class ListenDescriptors
{
    private const int First = 3; // SD_LISTEN_FDS_START

    private static readonly string[] Variables = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"];

    /// <summary>Takes them up, if they were meant for this process; programs that it starts get neither them nor word of them.</summary>
    public static void TakeUp(InheritedListeners inherited)
    {
        string?[] values = [.. Variables.Select(Environment.GetEnvironmentVariable)];
        foreach (string variable in Variables)
            Environment.SetEnvironmentVariable(variable, null);
        if (values[0] != Environment.ProcessId.ToString(CultureInfo.InvariantCulture)
            || !int.TryParse(values[1], NumberStyles.None, CultureInfo.InvariantCulture, out int count))
        {
            return;
        }
        string[] names = values[2]?.Split(':') ?? [];
        for (int number = 0; number < count; number++)
        {
            if (DescriptorPassing.TryKeepFromChildren(First + number))
                inherited.Add(number < names.Length ? names[number] : "", First + number);
        }
    }
}
