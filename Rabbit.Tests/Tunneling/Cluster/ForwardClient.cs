using Rabbit.Client.Commands;
using Rabbit.Client.Connection;
using Rabbit.Client.Status;
using Rabbit.Client.Trust;
using Rabbit.Protocol.Credentials;
using Rabbit.Tests.Persistence;
using Rabbit.Tests.Support;
using Rabbit.Tunneling.State;

namespace Rabbit.Tests.Tunneling.Cluster;

/// <summary>The client inside the test's process, under TLS, connected to one node.</summary>
internal sealed class ForwardClient : IAsyncDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    private readonly TempDirectory _home = new();
    private readonly LogLines _log = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    private ForwardClient(TokenText token, ForwardNode node, int localPort, bool noDirect)
    {
        var options = new ConnectOptions(
            token, node.Address.ToString(), node.ControlPort.Port, new LocalTarget.Tcp("127.0.0.1", localPort), node.Fingerprint, CaFile: null, Plaintext: false, "test",
            NoDirect: noDirect);
        var trust = new ServerTrust(options, new KnownServers(_home.File("known_servers")), _log);
        _running = new TunnelRunner(options, trust, new TunnelStatus("test", options, TimeProvider.System), TimeProvider.System, Random.Shared, _log).RunAsync(_stop.Token);
    }

    /// <summary>A client that is connected to this node.</summary>
    public static async Task<ForwardClient> ConnectAsync(ForwardCluster cluster, TokenRecord token, ForwardNode node, int localPort, bool noDirect = false)
    {
        var client = new ForwardClient(cluster.TextOf(token), node, localPort, noDirect);
        await Eventually.BecomesAsync(
            () => node.SessionOf(token)?.Record.Node ?? "nobody", name => name == node.Name, Soon, $"the client is connected to {node.Name}");
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        try
        {
            await _running;
        }
        catch (TunnelFailedException)
        {
            // Superseded for good.
        }
        _stop.Dispose();
        _home.Dispose();
        _log.Dispose();
    }
}
