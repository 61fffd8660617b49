using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Rabbit.Protocol.Credentials;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd.Cluster;

/// <summary>
/// Three nodes of a cluster as processes, each at an address of its own with the same ports, on a PostgreSQL and a Redis of their own, and haproxy
/// before them at a fourth address with the same ports once more.
/// </summary>
internal sealed class ThreeNodes : IAsyncDisposable
{
    /// <summary>How many nodes there are.</summary>
    public const int Count = 3;

    /// <summary>The load balancer, where a node is asked for.</summary>
    public const int Balancer = 3;

    /// <summary>Longer than anything takes on a machine that has other things to do.</summary>
    public static readonly TimeSpan Soon = TimeSpan.FromSeconds(90);

    private const int TunnelPorts = 40;
    private static readonly string[] Names = ["a", "b", "c"];
    private static readonly IPAddress[] Addresses = [.. new[] { "127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.9" }.Select(IPAddress.Parse)];

    private readonly TempDirectory _directory = new();
    private readonly List<Installation> _installations = [];
    private readonly int _firstPort = ReservedPorts.Take(TunnelPorts + 2, Addresses);
    private readonly Func<ThreeNodes, int, (string, string)[]> _settings;
    private RunningProcess? _haproxy;

    private ThreeNodes(PrivateServer postgres, PrivateServer redis, Func<ThreeNodes, int, (string, string)[]> settings)
    {
        Postgres = postgres;
        Redis = redis;
        _settings = settings;
    }

    /// <summary>The database that decides.</summary>
    public PrivateServer Postgres { get; }

    /// <summary>Where the nodes tell each other.</summary>
    public PrivateServer Redis { get; }

    /// <summary>The nodes as they were started last.</summary>
    public RabbitProcess[] Nodes { get; } = new RabbitProcess[Count];

    /// <summary>The port on which nodes listen for each other.</summary>
    public int NodePort => _firstPort + TunnelPorts + 1;

    /// <summary>Starts everything, and waits until all nodes see each other.</summary>
    /// <param name="settings">More settings of a node, by their variables.</param>
    public static async Task<ThreeNodes> StartAsync(Func<ThreeNodes, int, (string, string)[]>? settings = null)
    {
        PrivateServer postgres = await PrivateServer.MakePostgresAsync();
        var cluster = new ThreeNodes(postgres, PrivateServer.MakeRedis(), settings ?? ((_, _) => []));
        try
        {
            await cluster.StartAllAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>The tables of all nodes.</summary>
    public Installation Installation => _installations[0];

    /// <summary>Address of a node, or of the load balancer.</summary>
    public static IPAddress AddressOf(int node) => Addresses[node];

    /// <summary>Where a node listens for the others.</summary>
    public IPEndPoint NodeEndPoint(int node) => new(Addresses[node], NodePort);

    /// <summary>Starts a node again, and waits until it listens.</summary>
    public async Task RestartAsync(int node) => Nodes[node] = await _installations[node].StartAsync(SettingsOf(node));

    /// <summary>Waits until every node that runs sees this many live nodes.</summary>
    public Task WaitForNodesAsync(int live) => Eventually.BecomesAsync(
        async () => await Task.WhenAll(Nodes.Where(node => node is { Process.HasExited: false }).Select(CountNodesAsync)),
        seen => seen.All(count => count == live), Soon, $"{live} nodes see each other");

    /// <summary>Waits until the route of a token is this node's, in the eyes of every node that runs.</summary>
    public Task WaitForOwnerAsync(TestToken token, int owner, params int[] except) => Eventually.BecomesAsync(
        async () => await Task.WhenAll(Enumerable.Range(0, Count).Where(node => !except.Contains(node) && !Nodes[node].Process.HasExited).Select(node => OwnerAsync(node, token))),
        owners => owners.All(name => name == Names[owner]), Soon, $"all nodes know that {Names[owner]} has the client");

    /// <summary>The node that has a token's client, in the eyes of one that runs.</summary>
    public async Task<int> FindOwnerAsync(TestToken token) => Array.IndexOf(Names, await Eventually.BecomesAsync<string?>(
        () => OwnerAsync(Array.FindIndex(Nodes, node => !node.Process.HasExited), token), name => name is not null, Soon, "the client has a node"));

    /// <summary>What to give tunnel-client for a token: this node, or the load balancer, as its server.</summary>
    public async Task<string> ConnectionStringAsync(TestToken token, int node)
    {
        RabbitProcess any = Nodes.First(one => !one.Process.HasExited);
        return (ConnectionUri.Parse(await any.ConnectionStringAsync(token)) with { Host = Addresses[node].ToString() }).Reveal();
    }

    /// <summary>Connects a client to a node, or through the load balancer.</summary>
    public async Task<TunnelClientProcess> ConnectAsync(TestToken token, int node, LocalService service, params string[] options) =>
        await TunnelClientProcess.ConnectWithAsync(await ConnectionStringAsync(token, node), service.Port, options);

    /// <summary>A visitor who has connected to a node's tunnel port, or through the load balancer.</summary>
    public static async Task<Socket> VisitAsync(int node, TestToken token)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(new IPEndPoint(Addresses[node], token.Port), TestContext.Current.CancellationToken);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>All that the service behind a tunnel says to a visitor who says nothing.</summary>
    public static async Task<string> AskAsync(int node, TestToken token)
    {
        using Socket visitor = await VisitAsync(node, token);
        return Encoding.ASCII.GetString(await visitor.ReadToEndAsync(Soon));
    }

    /// <summary>Waits until the tunnel port listens on every node.</summary>
    public static async Task WaitForPortsAsync(TestToken token)
    {
        for (int node = 0; node < Count; node++)
        {
            int at = node;
            await Eventually.BecomesAsync(async () => await TryConnectAsync(at, token.Port), can => can, Soon, $"port {token.Port} listens on {Names[at]}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_haproxy is not null)
            await _haproxy.DisposeAsync();
        foreach (Installation installation in _installations)
            await installation.DisposeAsync();
        await Redis.DisposeAsync();
        await Postgres.DisposeAsync();
        _directory.Dispose();
    }

    private async Task StartAllAsync()
    {
        await Task.WhenAll(Postgres.StartAsync(), Redis.StartAsync(), MakeCertificatesAsync());
        string database = await TestServers.CreateDatabaseAsync(Postgres.PostgresConnection, TestContext.Current.CancellationToken);
        for (int node = 0; node < Count; node++)
            _installations.Add(Installation.CreateNode(database, Redis.RedisConnection, Addresses[node].ToString(), _firstPort, TunnelPorts));
        await RestartAsync(0);
        // All are the same server to clients and operators.
        foreach (Installation other in _installations.Skip(1))
        {
            File.Copy(Path.Combine(Installation.Data, "admin.key"), Path.Combine(other.Data, "admin.key"));
            Directory.CreateDirectory(Path.Combine(other.Data, "tls"));
            foreach (string file in Directory.GetFiles(Path.Combine(Installation.Data, "tls")))
                File.Copy(file, Path.Combine(other.Data, "tls", Path.GetFileName(file)));
        }
        await Task.WhenAll(RestartAsync(1), RestartAsync(2), StartBalancerAsync());
        await WaitForNodesAsync(Count);
    }

    private async Task MakeCertificatesAsync()
    {
        await using RunningProcess made = RunningProcess.Start(
            "rabbit cluster certificate", Programs.Rabbit, ["cluster", "certificate", _directory.Path, .. Names.SelectMany(name => new[] { "--node", name })]);
        Assert.True(await made.WaitForExitAsync(Soon) == 0, made.Transcript());
    }

    private (string, string)[] SettingsOf(int node) =>
    [
        ("RABBIT_NODE", Names[node]), ("RABBIT_CLUSTER_BIND", $"{NodeEndPoint(node)}"), ("RABBIT_CLUSTER_CLIENT_ADDRESS", $"{Addresses[node]}:{_firstPort}"),
        ("RABBIT_CLUSTER_AUTHORITY_FILE", _directory.File("ca.pem")), ("RABBIT_CLUSTER_CERTIFICATE_FILE", _directory.File($"{Names[node]}.pem")),
        ("RABBIT_CLUSTER_CERTIFICATE_KEY_FILE", _directory.File($"{Names[node]}.key")), .. _settings(this, node),
    ];

    private async Task StartBalancerAsync()
    {
        string Servers(string port) => string.Concat(Enumerable.Range(0, Count).Select(node => $"  server {Names[node]} {Addresses[node]}{port} inter 200ms fall 2 rise 1\n"));
        await File.WriteAllTextAsync(_directory.File("haproxy.cfg"), $"""
            defaults
              mode tcp
              timeout connect 2s
              timeout client 1h
              timeout server 1h
              retries 3
              option redispatch
            listen control
              bind {Addresses[Balancer]}:{_firstPort}
              balance leastconn
            {Servers($":{_firstPort} check")}listen visitors
              bind {Addresses[Balancer]}:{_firstPort + 1}-{_firstPort + TunnelPorts}
              balance roundrobin
            {Servers($" check port {_firstPort}")}
            """, TestContext.Current.CancellationToken);
        _haproxy = RunningProcess.Start("haproxy", "haproxy", ["-db", "-f", _directory.File("haproxy.cfg")]);
        await Eventually.BecomesAsync(async () => await TryConnectAsync(Balancer, _firstPort), can => can, Soon, "haproxy listens");
    }

    private static async Task<bool> TryConnectAsync(int node, int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(new IPEndPoint(Addresses[node], port), TestContext.Current.CancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static async Task<int> CountNodesAsync(RabbitProcess node)
    {
        JsonElement cluster = (await node.Api.GetAsync("cluster")).GetProperty("data");
        return cluster.GetProperty("nodes").GetArrayLength();
    }

    private async Task<string?> OwnerAsync(int node, TestToken token)
    {
        JsonElement routes = (await Nodes[node].Api.GetAsync("cluster/routes")).GetProperty("data");
        JsonElement route = routes.EnumerateArray().FirstOrDefault(route => route.GetProperty("port").GetInt32() == token.Port);
        return route.ValueKind == JsonValueKind.Undefined ? null : route.GetProperty("node").GetString();
    }
}
