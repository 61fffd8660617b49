using System.Globalization;

namespace Rabbit.Faults.Checks;

/// <summary>Listening TCP ports as the kernel knows them, so that looking leaves no trace in the server (proc_net_tcp(5)).</summary>
internal static class Ports
{
    private const string Listening = "0A";

    /// <summary>The ports that are listened on in the network of this process.</summary>
    public static HashSet<int> ListeningIn(int process)
    {
        var ports = new HashSet<int>();
        foreach (string table in (string[])["tcp", "tcp6"])
        {
            foreach (string line in File.ReadLines($"/proc/{process}/net/{table}").Skip(1))
            {
                string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (fields[3] == Listening)
                    ports.Add(int.Parse(fields[1].AsSpan(fields[1].IndexOf(':') + 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
            }
        }
        return ports;
    }

    /// <summary>Waits until all of them are listened on, or the time is over.</summary>
    public static async Task WaitUntilListeningAsync(IReadOnlyCollection<int> ports, int process, TimeSpan timeout)
    {
        long started = TimeProvider.System.GetTimestamp();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!ListeningIn(process).IsSupersetOf(ports) && TimeProvider.System.GetElapsedTime(started) < timeout)
            await timer.WaitForNextTickAsync();
    }
}
