using Rabbit.Protocol.Credentials;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd.Tls;

/// <summary>Clients without TLS, from another machine: in network namespaces of the test's own.</summary>
public sealed class PlaintextTests
{
    private const string Warning = "Plaintext control channels are accepted from every address";
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    [Fact]
    [Trait("Property", "P05")]
    public async Task Client_InPlaintextFromElsewhere_IsRefusedAndToldWhatToDo()
    {
        await using NetworkPair network = await NetworkPair.CreateAsync();
        await using Installation installation = Installation.CreateAt(NetworkPair.NearAddress);
        RabbitProcess server = await installation.StartOnAsync(network.OnNear, []);
        ConnectionUri connection = await ReadConnectionAsync(server);

        await using RunningProcess refused = RunningProcess.Start(
            "tunnel-client", network.OnFar[0], [.. network.OnFar[1..], Programs.TunnelClient, "connect", connection.Reveal(), "--local-port", "1"]);
        Assert.Equal(1, await refused.WaitForExitAsync(Soon));
        Assert.Contains(refused.Lines, line => line.Contains("accepts plaintext from its own machine only; connect with TLS", StringComparison.Ordinal));
        await using RunningProcess legacy = StartLegacy(network, connection);
        await legacy.WaitForLineAsync("ERROR:", Soon);
        Assert.DoesNotContain(server.Process.Lines, line => line.Contains(Warning, StringComparison.Ordinal));
    }

    [Fact]
    [Trait("Property", "P05")]
    public async Task Client_InPlaintextFromElsewhere_WhereTheOperatorAllowsIt_IsLetIn_AfterAWarningAtStart()
    {
        await using NetworkPair network = await NetworkPair.CreateAsync();
        await using Installation installation = Installation.CreateAt(NetworkPair.NearAddress);
        RabbitProcess server = await installation.StartOnAsync(network.OnNear, [("RABBIT_ALLOW_PLAINTEXT", "true")]);
        await server.Process.WaitForLineAsync(Warning, Soon);
        ConnectionUri connection = await ReadConnectionAsync(server);
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectOnAsync(network.OnFar, connection.Reveal(), "127.0.0.1", 1);
    }

    private static async Task<ConnectionUri> ReadConnectionAsync(RabbitProcess server)
    {
        var (connection, _) = await server.ReadFirstStepsAsync();
        return ConnectionUri.Parse(connection) with { Host = NetworkPair.NearAddress, Fingerprint = null, Plaintext = true };
    }

    private static RunningProcess StartLegacy(NetworkPair network, ConnectionUri connection) => PythonPeer.Start(
        "legacy client", network.OnFar, "import socket, sys\ns = socket.create_connection((sys.argv[1], int(sys.argv[2])))\ns.sendall((sys.argv[3] + '\\n5432\\n').encode())\nprint(s.recv(200), flush=True)",
        NetworkPair.NearAddress, $"{connection.Port}", connection.Token);
}
