using System.Net.Sockets;
using Rabbit.Persistence.Model;
using Rabbit.Protocol.Messages;
using Rabbit.Tests.Support;
using Rabbit.Tunneling.State;
using Xunit;

namespace Rabbit.Tests.Telemetry;

/// <summary>What the metrics count is what happened: held against the connection log and what the clients were told.</summary>
public sealed class CountedVisitorsTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.PostgresAndRedis)]
    [Trait("Property", "P11")]
    public async Task MixedRun_CountersAreTheConnectionLogs(Engine engine)
    {
        await using Installation installation = await Installation.CreateAsync(engine);
        await using LocalService service = LocalService.Echo();
        RabbitProcess server = await installation.StartAsync();
        TestToken served = await server.CreateTokenAsync();
        TestToken refusing = await server.CreateTokenAsync();
        TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(server, served, service.Port);
        await using TunnelClientProcess other = await TunnelClientProcess.ConnectAsync(server, refusing, LocalService.RefusingPort());

        int seed = Seed.Choose();
        await Task.WhenAll(Enumerable.Range(0, 60).Select(async number =>
        {
            var random = new Random(seed + number);
            using Socket visitor = await SocketConversation.ConnectAsync(number % 5 == 0 ? refusing.Port : served.Port);
            byte[] bytes = new byte[random.Next(1, 200_000)];
            switch (number % 5)
            {
                case 0: // Told by the client that nothing listens there.
                    visitor.Shutdown(SocketShutdown.Send);
                    await visitor.ReadToEndAsync();
                    break;
                case 1: // Resets in the middle.
                    await visitor.SendAllAsync(bytes.AsMemory(0, Math.Min(bytes.Length, 1000)), Cancellation);
                    await visitor.ReadExactlyAsync(1);
                    visitor.Reset();
                    break;
                default:
                    Task sent = visitor.SendAllAsync(bytes, Cancellation);
                    await visitor.ReadExactlyAsync(bytes.Length);
                    await sent;
                    visitor.Shutdown(SocketShutdown.Send);
                    await visitor.ReadToEndAsync();
                    break;
            }
        }));
        // The client away: refused by the server itself.
        await client.DisposeAsync();
        await server.Api.WaitForStateAsync(served.Port, "offline", Soon);
        using (Socket late = await SocketConversation.ConnectAsync(served.Port))
        {
            await late.SendAllAsync("GET / HTTP/1.1\r\n\r\n");
            await late.ReadToEndAsync();
        }

        List<ConnectionLogRow> rows = await Eventually.BecomesAsync(
            async () => (List<ConnectionLogRow>)[.. await installation.VisitsAsync(served.Port), .. await installation.VisitsAsync(refusing.Port)],
            rows => rows.Count == 61 && rows.TrueForAll(row => row.Status != ConnectionStatus.Active), Soon, "every visitor is on record, and has gone");
        MetricsPage page = await Eventually.BecomesAsync(
            () => MetricsPage.ScrapeAsync(installation, server), page => page.Sum("rabbit_visitors_total") == 61, Soon, "every visitor is counted");
        foreach (ConnectionStatus status in new[] { ConnectionStatus.Closed, ConnectionStatus.Error, ConnectionStatus.Timeout, ConnectionStatus.Refused })
        {
            string label = $"{{rabbit_visitor_outcome=\"{status.ToString().ToLowerInvariant()}\"}}";
            Assert.Equal(rows.Count(row => row.Status == status), page[$"rabbit_visitors_total{label}"]);
            Assert.Equal(rows.Count(row => row.Status == status), page[$"rabbit_visitor_duration_seconds_count{label}"]);
        }
        Assert.True(rows.Count(row => row.Status == ConnectionStatus.Error) >= 10 && rows.Count(row => row.Status == ConnectionStatus.Refused) >= 13);
        Assert.Equal(rows.Sum(row => row.BytesFromVisitor), page["rabbit_visitor_io_bytes_total{network_io_direction=\"receive\"}"]);
        Assert.Equal(rows.Sum(row => row.BytesToVisitor), page["rabbit_visitor_io_bytes_total{network_io_direction=\"transmit\"}"]);
        Assert.Equal(0, page["rabbit_visitor_active"]);
        // Each visitor of a live tunnel took a channel, and only the last found none to take.
        Assert.Equal(60, page.Sum("rabbit_channel_wait_duration_seconds_count"));
        Assert.True(page["rabbit_connection_log_written_total"] >= 61);
    }

    [Fact]
    [Trait("Property", "P11")]
    public async Task Logins_OfEachKind_AreCounted_AndWithoutTheEndsTheyAreTheSessions()
    {
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess first = await installation.StartAsync(("RABBIT_HEARTBEAT_INTERVAL", "00:00:00.2"));
        TestToken token = await first.CreateTokenAsync();
        using (NativePeer one = await NativePeer.LoginAsync(first.ControlPort, token))
        {
            using NativePeer another = await NativePeer.LoginAsync(first.ControlPort, token);
            await AssertLoginsAsync(first, ("first", 1), ("takeover", 1));
            another.Socket.Reset();
            await first.Api.WaitForStateAsync(token.Port, "offline", Soon);
        }
        using (NativePeer back = await NativePeer.LoginAsync(first.ControlPort, token))
        {
            MetricsPage page = await AssertLoginsAsync(first, ("first", 1), ("takeover", 1), ("reconnect", 1));
            Assert.Equal(1, page["rabbit_session_ends_total{rabbit_session_end=\"superseded\"}"]);
            Assert.Equal(1, page["rabbit_session_ends_total{rabbit_session_end=\"client_lost\"}"]);
            Assert.Equal(1, page["rabbit_tunnels{rabbit_tunnel_state=\"live\"}"]);
            ulong number = (await back.ReadUntilAsync<Ping>()).Number;
            await back.SendAsync(new Pong(number));
            await Eventually.BecomesAsync(
                () => MetricsPage.ScrapeAsync(installation, first), page => page["rabbit_session_heartbeat_duration_seconds_count"] == 1, Soon, "the heartbeat is timed");
        }
        using (NativePeer stranger = await NativePeer.ConnectAsync(first.ControlPort))
        {
            await stranger.SendAsync(NativePeer.HelloOf(new string('x', 40)));
            await stranger.ReadUntilAsync<Reject>();
            await Eventually.BecomesAsync(
                () => MetricsPage.ScrapeAsync(installation, first), page => page["rabbit_session_rejections_total{error_type=\"invalid_token\"}"] == 1, Soon, "the rejection is counted");
        }
        await first.Process.Kill9Async();

        RabbitProcess second = await installation.StartAsync();
        MetricsPage waiting = await MetricsPage.ScrapeAsync(installation, second);
        Assert.Equal(1, waiting["rabbit_restoration_tunnels{rabbit_restoration_state=\"waiting\"}"]);
        Assert.Equal(1, waiting["rabbit_tunnels{rabbit_tunnel_state=\"offline\"}"]);
        using NativePeer restored = await NativePeer.LoginAsync(second.ControlPort, token);
        MetricsPage last = await AssertLoginsAsync(second, ("restored", 1));
        Assert.Equal(1, last["rabbit_restoration_tunnels{rabbit_restoration_state=\"reconnected\"}"]);

        async Task<MetricsPage> AssertLoginsAsync(RabbitProcess server, params (string Kind, int Count)[] expected)
        {
            // A page may be as old as the one before it: a third of a second.
            MetricsPage page = await Eventually.BecomesAsync(
                () => MetricsPage.ScrapeAsync(installation, server),
                page => page.Sum("rabbit_session_logins_total") >= expected.Sum(pair => pair.Count)
                    && page.Sum("rabbit_sessions") == page.Sum("rabbit_session_logins_total") - page.Sum("rabbit_session_ends_total"),
                Soon, "the logins are counted");
            foreach (var (kind, count) in expected)
                Assert.Equal(count, page[$"rabbit_session_logins_total{{rabbit_login_kind=\"{kind}\"}}"]);
            Assert.Equal(expected.Sum(pair => pair.Count), page.Sum("rabbit_session_logins_total"));
            return page;
        }
    }
}
