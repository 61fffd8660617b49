using System.Net;
using Rabbit.Faults.History;
using Rabbit.Faults.Network;
using Rabbit.Tests.Support;

namespace Rabbit.Faults.Load;

/// <summary>A server with its tunnels, each with a client and a service of its own.</summary>
internal sealed class World(Installation installation, RunHistory history) : IAsyncDisposable
{
    private readonly List<LoadTunnel> _tunnels = [];
    private RabbitProcess? _server;

    public Installation Installation => installation;

    public RunHistory History => history;

    public RabbitProcess Server => _server ?? throw new InvalidOperationException("No server runs.");

    public IReadOnlyList<LoadTunnel> Tunnels => _tunnels;

    /// <summary>Starts a server and waits until it listens.</summary>
    public async Task StartServerAsync(string[] launcher, params (string Name, string Value)[] environment)
    {
        history.Add("server", "starts");
        _server = await installation.StartOnAsync(launcher, environment);
        history.Add("server", "listens");
    }

    /// <summary>Takes a server that was started elsewhere as the one that runs now.</summary>
    public void Adopt(RabbitProcess server) => _server = server;

    /// <summary>Adds a tunnel, and connects its client.</summary>
    /// <param name="speaksFirst">Whether its service greets first.</param>
    /// <param name="make">Makes it of the token and what a client is given; null for the plain one.</param>
    public async Task<LoadTunnel> AddTunnelAsync(bool speaksFirst = false, Func<TestToken, string, ContentService, LoadTunnel>? make = null)
    {
        TestToken token = await Server.CreateTokenAsync();
        string connectionString = await Server.ConnectionStringAsync(token);
        var service = new ContentService(history, speaksFirst);
        LoadTunnel tunnel = make?.Invoke(token, connectionString, service) ?? new LoadTunnel(token, connectionString, service, history);
        _tunnels.Add(tunnel);
        await tunnel.ConnectAsync();
        return tunnel;
    }

    /// <summary>Adds a tunnel whose client and service are in a network of their own, and connects its client.</summary>
    public async Task<LoadTunnel> AddTunnelAsync(TwoNetworks networks)
    {
        TestToken token = await Server.CreateTokenAsync();
        var tunnel = new LoadTunnel(
            token, await Server.ConnectionStringAsync(token, $"{TwoNetworks.ServerAddress}"), networks.AtClients(() => new ContentService(history)), history)
        {
            Visitors = new IPEndPoint(TwoNetworks.ServerAddress, token.Port),
            MakeSocket = networks.MakeSocketAtServer,
            Launcher = networks.ClientLauncher,
        };
        _tunnels.Add(tunnel);
        await tunnel.ConnectAsync();
        return tunnel;
    }

    /// <summary>Two tunnels whose services are asked, and one whose service speaks first.</summary>
    public async Task AddUsualTunnelsAsync()
    {
        await AddTunnelAsync();
        await AddTunnelAsync();
        await AddTunnelAsync(speaksFirst: true);
    }

    /// <summary>kill -9; the time when it was gone.</summary>
    public async Task<TimeSpan> KillServerAsync()
    {
        TimeSpan killed = history.Add("nemesis", "kill -9 server");
        await Server.Process.Kill9Async();
        history.Add("server", "gone");
        return killed;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (LoadTunnel tunnel in _tunnels)
            await tunnel.DisposeAsync();
        await installation.DisposeAsync();
    }
}
