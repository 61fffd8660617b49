using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Rabbit.Tests.Support;

namespace Rabbit.Faults.Network;

/// <summary>
/// Two networks of a run's own with one cable between them: the server is in one, the clients and their services are in the other. They are
/// gone when the two processes that hold them are, whatever happens to this one (network_namespaces(7)).
/// </summary>
internal sealed partial class TwoNetworks : IAsyncDisposable
{
    private const int CloneNewNet = 0x40000000;
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    private readonly RunningProcess _server;
    private readonly RunningProcess _client;

    private TwoNetworks(RunningProcess server, RunningProcess client)
    {
        _server = server;
        _client = client;
    }

    /// <summary>The server's end of the cable; from documentation's addresses (RFC 5737), which lead nowhere else.</summary>
    public static IPAddress ServerAddress { get; } = IPAddress.Parse("192.0.2.1");

    /// <summary>Starts a program in the server's network.</summary>
    public string[] ServerLauncher => Launcher(_server);

    /// <summary>Starts a program in the clients' network.</summary>
    public string[] ClientLauncher => Launcher(_client);

    public static async Task<TwoNetworks> MakeAsync()
    {
        var networks = new TwoNetworks(Hold("server's network"), Hold("clients' network"));
        // Held by the kernel's own word: unshare(1) has become sleep(1) in the new network.
        foreach (RunningProcess holder in (RunningProcess[])[networks._server, networks._client])
        {
            string own = NetworkOf("self");
            await Eventually.BecomesAsync(
                () => (NetworkOf($"{holder.Id}"), File.ReadAllText($"/proc/{holder.Id}/comm").Trim()), seen => seen.Item1 != own && seen.Item2 == "sleep", Soon,
                $"there is the {holder.Name}");
        }
        await RunAsync(networks._server, $"ip link add name server type veth peer name client netns {networks._client.Id} && ip address add {ServerAddress}/30 dev server && ip link set lo up && ip link set server up");
        await RunAsync(networks._client, "ip address add 192.0.2.2/30 dev client && ip link set lo up && ip link set client up");
        return networks;
    }

    /// <summary>Whether this process may make networks, and has the programs for it.</summary>
    public static bool CanBeMade => Environment.IsPrivilegedProcess && File.Exists("/usr/sbin/iptables");

    /// <summary>Drops packets from now on.</summary>
    /// <param name="toServer">Those of the clients.</param>
    /// <param name="toClients">Those of the server.</param>
    /// <param name="probability">How many of them: 1 is all.</param>
    public async Task DropAsync(bool toServer, bool toClients, double probability = 1)
    {
        string part = probability < 1 ? FormattableString.Invariant($"-m statistic --mode random --probability {probability}") : "";
        if (toServer)
            await RunAsync(_server, $"iptables -w -A INPUT -i server {part} -j DROP");
        if (toClients)
            await RunAsync(_client, $"iptables -w -A INPUT -i client {part} -j DROP");
    }

    /// <summary>Drops no more.</summary>
    public async Task MendAsync()
    {
        await RunAsync(_server, "iptables -w -F INPUT");
        await RunAsync(_client, "iptables -w -F INPUT");
    }

    /// <summary>Packets that were dropped so far.</summary>
    public async Task<long> DroppedAsync()
    {
        long dropped = 0;
        foreach (RunningProcess holder in (RunningProcess[])[_server, _client])
        {
            IReadOnlyList<string> lines = await RunAsync(holder, "iptables -w -L INPUT -v -x -n");
            dropped += lines.Where(line => line.Contains("DROP", StringComparison.Ordinal) && !line.StartsWith("Chain", StringComparison.Ordinal))
                .Sum(line => long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[0], System.Globalization.CultureInfo.InvariantCulture));
        }
        return dropped;
    }

    /// <summary>A socket in the server's network, of a visitor.</summary>
    public Socket MakeSocketAtServer() => InNetworkOf(_server, static () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));

    /// <summary>Does something in the clients' network: a socket that is made there stays there.</summary>
    public T AtClients<T>(Func<T> make) => InNetworkOf(_client, make);

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _client.DisposeAsync();
    }

    private static RunningProcess Hold(string name) => RunningProcess.Start(name, "unshare", ["--net", "sleep", "infinity"]);

    private static string[] Launcher(RunningProcess holder) => ["nsenter", $"--net=/proc/{holder.Id}/ns/net", "--"];

    private static string NetworkOf(string process) => File.ResolveLinkTarget($"/proc/{process}/ns/net", returnFinalTarget: false)!.Name;

    private static async Task<IReadOnlyList<string>> RunAsync(RunningProcess holder, string command)
    {
        string[] launcher = Launcher(holder);
        await using RunningProcess process = RunningProcess.Start(command, launcher[0], [.. launcher[1..], "sh", "-c", command]);
        return await process.WaitForExitAsync(Soon) == 0 ? process.Lines : throw new InvalidOperationException(process.Transcript());
    }

    // setns(2) changes the network of one thread; it must be back before the thread does anything else.
    private static T InNetworkOf<T>(RunningProcess holder, Func<T> make)
    {
        using var there = File.OpenHandle($"/proc/{holder.Id}/ns/net");
        using var back = File.OpenHandle("/proc/thread-self/ns/net");
        Enter(there);
        try
        {
            return make();
        }
        finally
        {
            Enter(back);
        }
    }

    private static void Enter(SafeHandle network)
    {
        if (SetNs((int)network.DangerousGetHandle(), CloneNewNet) != 0)
            throw new InvalidOperationException($"setns failed: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNs(int descriptor, int type);
}
