using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Rabbit.Protocol.Credentials;
using Rabbit.Tests.Support;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.State;
using Xunit;

namespace Rabbit.Tests.EndToEnd;

/// <summary>Late channels, replayed bytes, and a stop.</summary>
public sealed class FaultTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    [Fact]
    [Trait("Property", "P39")]
    public async Task LegacyDataChannel_TooLate_IsClosed_AndDescriptorsReturnToTheBaseline()
    {
        const int Late = 50;
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess server = await installation.StartAsync(("RABBIT_CHANNEL_TIMEOUT", "00:00:01"));
        TestToken token = await server.CreateTokenAsync();
        await using LegacyPeer peer = await LegacyPeer.LoginAsync(server.ControlPort, token, localPort: 3000);
        await server.Api.WaitForStateAsync(token.Port, "live", Soon);
        int baseline = server.Process.Descriptors;

        Socket[] visitors = await Task.WhenAll(Enumerable.Range(0, Late).Select(_ => SocketConversation.ConnectAsync(token.Port)));
        var ids = new List<string>();
        foreach (Socket _ in visitors)
            ids.Add(await peer.NextVisitorAsync());
        foreach (Socket visitor in visitors)
        {
            await visitor.SendAllAsync("GET / HTTP/1.1\r\n\r\n");
            string answer = Encoding.ASCII.GetString(await visitor.ReadToEndAsync());
            Assert.StartsWith("HTTP/1.1 503", answer, StringComparison.Ordinal);
            visitor.Dispose();
        }
        foreach (string id in ids)
            Assert.Equal("ERROR:no visitor waits for this connection id", await LegacyPeer.AskAsync(server.ControlPort, $"DATA:{id}\n"));

        await Eventually.BecomesAsync(
            () => server.Process.Descriptors, count => count <= baseline + 3, Soon, $"the server's descriptors are back at {baseline}, give or take");
        Assert.All(
            await Eventually.BecomesAsync(() => installation.VisitsAsync(token.Port), rows => rows.Count == Late, Soon, "every visit is on record"),
            row => Assert.Equal(ConnectionStatus.Timeout, row.Status));
    }

    [Fact]
    [Trait("Property", "P39")]
    public async Task DescriptorsAndThreads_AfterManyVisitors_ReturnToTheBaseline()
    {
        const int AtOnce = 16;
        // The long form: RABBIT_TEST_CONNECTIONS=100000 ./test.sh -method "*AfterManyVisitors*"
        int visitors = int.Parse(Environment.GetEnvironmentVariable("RABBIT_TEST_CONNECTIONS") ?? "2000", CultureInfo.InvariantCulture);
        await using Installation installation = await Installation.CreateAsync();
        await using LocalService service = LocalService.Echo();
        RabbitProcess server = await installation.StartAsync();
        TestToken token = await server.CreateTokenAsync();
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(server, token, service.Port);
        await VisitManyAsync(token.Port, AtOnce, AtOnce);
        int descriptors = Descriptors(), threads = Threads();
        await VisitManyAsync(token.Port, visitors, AtOnce);
        // Each side holds at most the pool's ready channels more, and a few threads come and go.
        await Eventually.BecomesAsync(Descriptors, count => count <= descriptors + (2 * ChannelPool.MaximumReady), Soon, $"both are back at about {descriptors} descriptors");
        await Eventually.BecomesAsync(Threads, count => count <= threads + 8, Soon, $"both are back at about {threads} threads");
        await Eventually.BecomesAsync(
            async () => (await installation.VisitsAsync(token.Port)).Count(row => row.Status == ConnectionStatus.Closed),
            count => count == visitors + AtOnce, Soon, "every visit is on record");

        int Descriptors() => server.Process.Descriptors + client.Process.Descriptors;
        int Threads() => server.Process.Threads + client.Process.Threads;
    }

    [Fact]
    [Trait("Property", "P48")]
    public async Task Login_Replayed_IsWorthless()
    {
        await using Installation installation = await Installation.CreateAsync();
        await using LocalService service = LocalService.Echo();
        RabbitProcess server = await installation.StartAsync();
        TestToken token = await server.CreateTokenAsync();
        await using var gate = new Gate(new IPEndPoint(IPAddress.Loopback, server.ControlPort));
        ConnectionUri real = ConnectionUri.Parse(await server.ConnectionStringAsync(token));
        string throughGate = new ConnectionUri(real.Token!, "localhost", gate.Port, real.Fingerprint, Plaintext: false).Reveal();
        await using (TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(throughGate, service.Port))
            await client.Process.Kill9Async();
        await server.Api.WaitForStateAsync(token.Port, "offline", Soon);
        long epoch = Assert.Single(await installation.SessionsAsync(token.Port)).Epoch;

        byte[] login = gate.Recorded[0];
        Assert.True(login.Length > 500, "Too little was recorded to be a login.");
        Assert.DoesNotContain(token.Text, Encoding.Latin1.GetString(login), StringComparison.Ordinal);
        using (Socket replay = await SocketConversation.ConnectAsync(server.ControlPort))
        {
            await replay.SendAllAsync(login, TestContext.Current.CancellationToken);
            await replay.EndsWithResetAsync(); // Or a clean end: it ends.
        }
        Assert.Equal("offline", (await server.Api.FindTunnelAsync(token.Port))!.Value.GetProperty("state").GetString());
        Assert.Equal(epoch, Assert.Single(await installation.SessionsAsync(token.Port)).Epoch);
    }

    [Fact]
    [Trait("Property", "P34")]
    public async Task Server_Terminated_EndsWithinTheDrainLimit_AndRestores()
    {
        await using Installation installation = await Installation.CreateAsync();
        await using LocalService service = LocalService.Echo();
        RabbitProcess first = await installation.StartAsync(("RABBIT_DRAIN_LIMIT", "00:00:02"));
        var (connectionString, port) = await first.ReadFirstStepsAsync();
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(connectionString, service.Port);
        using Socket visitor = await SocketConversation.ConnectAsync(port);
        await visitor.SendAllAsync("?");
        await visitor.ReadExactlyAsync(1);

        int mark = client.Process.Mark;
        long started = TimeProvider.System.GetTimestamp();
        first.Process.Send(Signal.Term);
        Assert.Equal(0, await first.Process.WaitForExitAsync(TimeSpan.FromSeconds(10)));
        Assert.InRange(TimeProvider.System.GetElapsedTime(started).TotalSeconds, 1.5, 5);

        RabbitProcess second = await installation.StartAsync();
        await second.Process.WaitForLineAsync($"Restored tunnel listener on port {port} (sessions: 1)", Soon);
        await client.WaitUntilBackAsync(mark);
        await VisitAsync(port);
    }

    private static Task VisitManyAsync(int port, int visitors, int atOnce) => Parallel.ForAsync(
        0, visitors, new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = TestContext.Current.CancellationToken },
        async (_, _) => await VisitAsync(port));

    private static async Task VisitAsync(int port, TimeSpan? patience = null)
    {
        using Socket visitor = await SocketConversation.ConnectAsync(port);
        await visitor.SendAllAsync("ping");
        Assert.Equal("ping"u8.ToArray(), await visitor.ReadExactlyAsync(4, patience));
        visitor.Shutdown(SocketShutdown.Send);
        Assert.Empty(await visitor.ReadToEndAsync(patience));
    }
}
