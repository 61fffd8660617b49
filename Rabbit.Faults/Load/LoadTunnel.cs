using System.Net;
using System.Net.Sockets;
using Rabbit.Faults.History;
using Rabbit.Tests.Support;

namespace Rabbit.Faults.Load;

/// <summary>One tunnel of the load: its token, its local service, and the client process that serves it now.</summary>
internal sealed class LoadTunnel(TestToken token, string connectionString, ContentService service, RunHistory history) : IAsyncDisposable
{
    private TunnelClientProcess? _client;

    public TestToken Token => token;

    public int Port => token.Port;

    /// <summary>What its clients are given.</summary>
    public string ConnectionString { get; init; } = connectionString;

    /// <summary>Where its client goes for each visitor.</summary>
    public ContentService Service { get; set; } = service;

    /// <summary>Where visitors connect.</summary>
    public IPEndPoint Visitors { get; init; } = new(IPAddress.Loopback, token.Port);

    /// <summary>Makes a visitor's socket: another way than the machine's own network, perhaps.</summary>
    public Func<Socket> MakeSocket { get; init; } = static () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    /// <summary>A program that becomes the client, or empty.</summary>
    public string[] Launcher { get; init; } = [];

    /// <summary>The port that the client is told for its service: the service's own, or one before it.</summary>
    public int? ServicePort { get; init; }

    /// <summary>Likewise its address.</summary>
    public string ServiceHost { get; init; } = "127.0.0.1";

    public TunnelClientProcess Client => _client ?? throw new InvalidOperationException($"The tunnel of port {Port} has no client.");

    /// <summary>Starts a client and waits until its tunnel is up.</summary>
    public async Task ConnectAsync()
    {
        history.Add($"client of {Port}", "starts");
        _client = await TunnelClientProcess.ConnectOnAsync(Launcher, ConnectionString, ServiceHost, ServicePort ?? Service.Port);
        history.Add($"client of {Port}", "up");
    }

    /// <summary>Ends the client without a chance to say goodbye; the time when it was gone.</summary>
    public async Task<TimeSpan> KillClientAsync()
    {
        history.Add("nemesis", $"kill -9 client of {Port}");
        await Client.Process.Kill9Async();
        TimeSpan gone = history.Add($"client of {Port}", "gone");
        await Client.DisposeAsync();
        _client = null;
        return gone;
    }

    /// <summary>Leaves the client that there is to the caller, so that another can be started beside it.</summary>
    public TunnelClientProcess TakeClient()
    {
        TunnelClientProcess taken = Client;
        _client = null;
        return taken;
    }

    public async ValueTask DisposeAsync()
    {
        if (_client is not null)
            await _client.DisposeAsync();
        await Service.DisposeAsync();
    }
}
