using System.Text;
using Rabbit.Persistence.Model;
using Rabbit.Tests.Support;
using Rabbit.Tunneling.State;
using Xunit;

namespace Rabbit.Tests.EndToEnd;

/// <summary>kill -9 of either program at different moments: the other notices, and the tunnel goes on.</summary>
public sealed class CrashTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Promptly = TimeSpan.FromSeconds(3);

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.PostgresAndRedis)]
    [Trait("Property", "P23")]
    [Trait("Property", "P25")]
    public async Task Server_KilledMidTransfer_EndsTheStreamsAndRestoresTheTunnel(Engine engine)
    {
        await using Installation installation = await Installation.CreateAsync(engine);
        await using LocalService service = LocalService.Echo();
        RabbitProcess first = await installation.StartAsync();
        var (connectionString, port) = await first.ReadFirstStepsAsync();
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(connectionString, service.Port);
        int mark = client.Process.Mark;

        using var visitor = await SocketConversation.ConnectAsync(port);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        long received = 0;
        Task flood = FloodAsync(visitor, stop.Token);
        Task drain = DrainAsync();
        await Eventually.BecomesAsync(() => Volatile.Read(ref received), bytes => bytes > 1_000_000, Soon, "a megabyte has come back");
        await Eventually.BecomesAsync(
            () => installation.VisitsAsync(port), rows => rows is [{ Status: ConnectionStatus.Active }], Soon, "the visit is on record");

        await first.Process.Kill9Async();
        await drain.WaitAsync(Soon, TestContext.Current.CancellationToken);
        await flood.WaitAsync(Soon, TestContext.Current.CancellationToken);

        await installation.StartAsync();
        await client.WaitUntilBackAsync(mark);
        await AssertEchoesAsync(port);
        Assert.Single(await Eventually.BecomesAsync(
            () => installation.SessionsAsync(port), rows => rows is [{ Status: SessionStatus.Active, Epoch: 2 }], Soon, "one active session"));
        await Eventually.BecomesAsync(
            () => installation.VisitsAsync(port), rows => rows is [{ Status: ConnectionStatus.Error }, { Status: ConnectionStatus.Closed or ConnectionStatus.Error }], Soon,
            "the visit that was cut is on record as an error, not as active for ever");

        async Task DrainAsync()
        {
            byte[] buffer = new byte[64 * 1024];
            try
            {
                int read;
                while ((read = await visitor.ReceiveAsync(buffer, stop.Token)) > 0)
                    Interlocked.Add(ref received, read);
            }
            catch (System.Net.Sockets.SocketException)
            {
                // A reset is what a killed server leaves behind.
            }
        }
    }

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.PostgresAndRedis)]
    [Trait("Property", "P23")]
    public async Task Server_KilledWithVisitorsWaiting_ServesTheNextOnes(Engine engine)
    {
        const int Waiting = 50;
        await using Installation installation = await Installation.CreateAsync(engine);
        await using LocalService service = LocalService.Echo();
        RabbitProcess first = await installation.StartAsync();
        var (connectionString, port) = await first.ReadFirstStepsAsync();
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(connectionString, service.Port);

        // A stopped client opens no channels: once the ready ones are taken, visitors wait.
        client.Process.Send(Signal.Stop);
        var visitors = new List<System.Net.Sockets.Socket>();
        for (int i = 0; i < Waiting; i++)
            visitors.Add(await SocketConversation.ConnectAsync(port));
        await Eventually.BecomesAsync(
            async () => (await first.Api.FindTunnelAsync(port))!.Value.GetProperty("visitors").GetInt32(), count => count == Waiting, Soon,
            "the visitors are in");
        await first.Process.Kill9Async();
        foreach (var visitor in visitors)
        {
            await visitor.EndsWithResetAsync(Soon); // Or a clean end: either way it ends.
            visitor.Dispose();
        }

        int mark = client.Process.Mark;
        RabbitProcess second = await installation.StartAsync();
        client.Process.Send(Signal.Continue);
        await client.WaitUntilBackAsync(mark);
        await AssertEchoesAsync(port);
        await Eventually.BecomesAsync(
            async () => (await second.Api.FindTunnelAsync(port))!.Value.GetProperty("visitors").GetInt32(), count => count == 0, Soon,
            "no visitor is counted any more");
    }

    [Fact]
    [Trait("Property", "P24")]
    public async Task Server_KilledTwiceBeforeTheClientReturns_StillRestores()
    {
        await using Installation installation = await Installation.CreateAsync();
        await using LocalService service = LocalService.Echo();
        RabbitProcess first = await installation.StartAsync();
        var (connectionString, port) = await first.ReadFirstStepsAsync();
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(connectionString, service.Port);
        client.Process.Send(Signal.Stop);
        await first.Process.Kill9Async();
        RabbitProcess second = await installation.StartAsync();
        await second.Process.WaitForLineAsync($"Restored tunnel listener on port {port} (sessions: 1)", Soon);
        await second.Process.Kill9Async();

        int mark = client.Process.Mark;
        RabbitProcess third = await installation.StartAsync();
        await third.Process.WaitForLineAsync($"Restored tunnel listener on port {port} (sessions: 1)", Soon);
        client.Process.Send(Signal.Continue);
        await client.WaitUntilBackAsync(mark);
        await AssertEchoesAsync(port);
        Assert.Single(await installation.SessionsAsync(port));
    }

    [Fact]
    [Trait("Property", "P27")]
    [Trait("Property", "P43")]
    public async Task Client_Killed_TurnsThePortToOfflineAnswersPromptly()
    {
        await using Installation installation = await Installation.CreateAsync();
        await using LocalService service = LocalService.Http("page");
        RabbitProcess server = await installation.StartAsync();
        var (connectionString, port) = await server.ReadFirstStepsAsync();
        await using (TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(connectionString, service.Port))
        {
            Assert.Contains("200 OK", await Curl.GetAsync(port), StringComparison.Ordinal);
            await client.Process.Kill9Async();
        }

        await server.Api.WaitForStateAsync(port, "offline", Promptly);
        Assert.StartsWith("HTTP/1.1 503 Service Unavailable\r\n", await Curl.GetAsync(port, Promptly), StringComparison.Ordinal);
        await Eventually.BecomesAsync(
            () => installation.SessionsAsync(port), rows => rows is [{ Status: SessionStatus.Inactive, EndedAt: null }], Soon,
            "the session is inactive and not ended");

        await using TunnelClientProcess again = await TunnelClientProcess.ConnectAsync(connectionString, service.Port);
        Assert.Contains("200 OK", await Curl.GetAsync(port), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Property", "P27")]
    public async Task Client_SilentForLong_TurnsThePortToOfflineAnswers()
    {
        await using Installation installation = await Installation.CreateAsync();
        await using LocalService service = LocalService.Http("page");
        RabbitProcess server = await installation.StartAsync(("RABBIT_HEARTBEAT_INTERVAL", "00:00:00.5"), ("RABBIT_DEAD_AFTER", "00:00:01.5"));
        var (connectionString, port) = await server.ReadFirstStepsAsync();
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(connectionString, service.Port);

        int mark = client.Process.Mark;
        client.Process.Send(Signal.Stop); // Its sockets stay open, and the kernel acknowledges for it.
        await server.Process.WaitForLineAsync($"Tunnel client left port {port} (heartbeat timed out)", Soon);
        Assert.StartsWith("HTTP/1.1 503 Service Unavailable\r\n", await Curl.GetAsync(port), StringComparison.Ordinal);

        client.Process.Send(Signal.Continue);
        await client.WaitUntilBackAsync(mark);
        Assert.Contains("200 OK", await Curl.GetAsync(port), StringComparison.Ordinal);
        Assert.Single(await installation.SessionsAsync(port));
    }

    [Fact]
    [Trait("Property", "P33")]
    public async Task Client_KilledMidTransfer_ResetsTheVisitorAndRecordsTheBytes()
    {
        await using Installation installation = await Installation.CreateAsync();
        await using LocalService service = LocalService.Echo();
        RabbitProcess server = await installation.StartAsync();
        var (connectionString, port) = await server.ReadFirstStepsAsync();
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(connectionString, service.Port);
        using var visitor = await SocketConversation.ConnectAsync(port);
        byte[] words = Encoding.ASCII.GetBytes("some words");
        await visitor.SendAllAsync(words, TestContext.Current.CancellationToken);
        Assert.Equal(words, await visitor.ReadExactlyAsync(words.Length));

        await client.Process.Kill9Async();
        await visitor.EndsWithResetAsync(Promptly);
        ConnectionLogRow visit = Assert.Single(await Eventually.BecomesAsync(
            () => installation.VisitsAsync(port), rows => rows is [{ Status: not ConnectionStatus.Active }], Soon, "the visit is over"));
        Assert.Equal(words.Length, visit.BytesFromVisitor);
        Assert.Equal(words.Length, visit.BytesToVisitor);
    }

    private static async Task AssertEchoesAsync(int port)
    {
        using var visitor = await SocketConversation.ConnectAsync(port);
        await visitor.SendAllAsync("are you there?");
        Assert.Equal("are you there?", Encoding.ASCII.GetString(await visitor.ReadExactlyAsync("are you there?".Length)));
    }

    private static async Task FloodAsync(System.Net.Sockets.Socket socket, CancellationToken cancellationToken)
    {
        byte[] bytes = new byte[64 * 1024];
        try
        {
            while (true)
                await socket.SendAllAsync(bytes, cancellationToken);
        }
        catch (System.Net.Sockets.SocketException)
        {
            // Broken from the other side, which is how it is meant to end.
        }
    }
}
