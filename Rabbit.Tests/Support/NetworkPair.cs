using System.Globalization;

namespace Rabbit.Tests.Support;

/// <summary>
/// Two network namespaces of the test's own (ip-netns(8)), joined by one line that can be cut so that neither side is told: packets just
/// vanish. Needs root.
/// </summary>
internal sealed class NetworkPair : IAsyncDisposable
{
    public const string NearAddress = "10.77.0.1";
    public const string FarAddress = "10.77.0.2";

    private const string Device = "line";
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);
    private static int _last;

    private readonly string _near;
    private readonly string _far;

    private NetworkPair()
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"rabbit-{Environment.ProcessId}-{Interlocked.Increment(ref _last)}");
        _near = $"{name}-near";
        _far = $"{name}-far";
    }

    /// <summary>What runs a program on the near side: to be put in front of it.</summary>
    public string[] OnNear => ["ip", "netns", "exec", _near];

    /// <summary>What runs a program on the far side.</summary>
    public string[] OnFar => ["ip", "netns", "exec", _far];

    public static async Task<NetworkPair> CreateAsync()
    {
        var pair = new NetworkPair();
        try
        {
            await RunAsync("ip", "netns", "add", pair._near);
            await RunAsync("ip", "netns", "add", pair._far);
            await RunAsync("ip", "-n", pair._near, "link", "add", Device, "type", "veth", "peer", "name", Device, "netns", pair._far);
            foreach (var (side, address) in new[] { (pair._near, NearAddress), (pair._far, FarAddress) })
            {
                await RunAsync("ip", "-n", side, "address", "add", $"{address}/24", "dev", Device);
                await RunAsync("ip", "-n", side, "link", "set", Device, "up");
                await RunAsync("ip", "-n", side, "link", "set", "lo", "up");
            }
            return pair;
        }
        catch
        {
            await pair.DisposeAsync();
            throw;
        }
    }

    /// <summary>From now on nothing gets through to the near side, or from it, or neither; of some remote ports only, if any are named.</summary>
    public async Task CutAsync(bool toNear, bool toFar, params IReadOnlyCollection<int> farPorts)
    {
        // One command for each direction, so that all of it is cut at one moment.
        string[] ports = farPorts.Count == 0 ? [] : ["-p", "tcp", "-m", "multiport"];
        string list = string.Join(',', farPorts);
        if (toNear)
            await RunAsync([.. OnNear, "iptables", "-A", "INPUT", "-i", Device, .. ports, .. farPorts.Count == 0 ? Array.Empty<string>() : ["--sports", list], "-j", "DROP"]);
        if (toFar)
            await RunAsync([.. OnNear, "iptables", "-A", "OUTPUT", "-o", Device, .. ports, .. farPorts.Count == 0 ? Array.Empty<string>() : ["--dports", list], "-j", "DROP"]);
    }

    /// <summary>Everything gets through again.</summary>
    public Task HealAsync() => RunAsync([.. OnNear, "iptables", "-F"]);

    /// <summary>The far side's ports of the connections that are established with a port of the near side.</summary>
    public async Task<IReadOnlyCollection<int>> FarPortsAsync(int nearPort)
    {
        IReadOnlyList<string> lines = await RunAsync([.. OnNear, "ss", "-Htn", "state", "established", $"( sport = :{nearPort} )"]);
        return [.. lines.Select(line => int.Parse(line.TrimEnd().Split(':')[^1], CultureInfo.InvariantCulture))];
    }

    public async ValueTask DisposeAsync()
    {
        foreach (string side in new[] { _near, _far })
        {
            await using RunningProcess delete = RunningProcess.Start("ip", "ip", ["netns", "delete", side]);
            await delete.WaitForExitAsync(Timeout);
        }
    }

    private static async Task<IReadOnlyList<string>> RunAsync(params string[] command)
    {
        await using RunningProcess process = RunningProcess.Start(command[0], command[0], command[1..]);
        int status = await process.WaitForExitAsync(Timeout);
        return status == 0
            ? process.Lines
            : throw new InvalidOperationException($"'{string.Join(' ', command)}' ended with status {status}: {string.Join(' ', process.Lines)}");
    }
}
