using System.Net.Sockets;
using System.Text.RegularExpressions;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Telemetry;

/// <summary>
/// A real Prometheus scrapes a server that was restarted and is under load; every expression of every panel and of every alert is
/// evaluated there, and must have a value. (An alert has none while all is well: each series that it asks for is evaluated instead, and
/// <see cref="DashboardFileTests"/> sees that it fires when it should.)
/// </summary>
public sealed partial class PrometheusTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task EveryPanelAndRule_AServerUnderLoad_HasAValue()
    {
        await using PrivateServer redis = PrivateServer.MakeRedis();
        await redis.StartAsync();
        await using Installation installation = await Installation.CreateAsync(TestServers.Postgres, redis.RedisConnection);
        await using LocalService service = LocalService.Echo();
        (string, string)[] settings = [("RABBIT_TUNNEL_METRICS", "10"), ("RABBIT_HEARTBEAT_INTERVAL", "00:00:00.5"), ("RABBIT_DEAD_AFTER", "00:00:05")];
        RabbitProcess first = await installation.StartAsync(settings);
        TestToken token = await first.CreateTokenAsync();
        TestToken refusing = await first.CreateTokenAsync();
        TestToken breaking = await first.CreateTokenAsync();
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(first, token, service.Port);
        await using TunnelClientProcess toNothing = await TunnelClientProcess.ConnectAsync(first, refusing, LocalService.RefusingPort());
        await first.Process.Kill9Async();

        RabbitProcess server = await installation.StartAsync(settings);
        string key = (await server.Api.SendAsync(HttpMethod.Post, "keys", new { name = "prometheus", role = "read_only" })).GetProperty("data").GetProperty("key").GetString()!;
        await using PrometheusProcess prometheus = await PrometheusProcess.StartAsync(server.Api.Address, key, DashboardFiles.Rules);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        Task load = LoadAsync(server, token, refusing, breaking, stop.Token);
        try
        {
            // More at once than there are channels ready.
            Socket[] crowd = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => SocketConversation.ConnectAsync(token.Port)));
            await HasValueAsync(prometheus, "rabbit_channel_wait_duration_seconds_count{rabbit_channel_result=\"miss\"}", "a channel that was not ready");
            Array.ForEach(crowd, visitor => visitor.Dispose());

            // So that there are failures to be seen, and what was lost is seen to be back.
            await redis.Kill9Async();
            await BecomesAsync(prometheus, "rabbit_redis_up", 0);
            await HasValueAsync(prometheus, "db_client_operation_duration_seconds_count{error_type!=\"\"}", "failed operations");
            await redis.StartAsync();
            await BecomesAsync(prometheus, "rabbit_redis_up", 1);

            foreach (PanelQuery query in DashboardFiles.Queries())
                await HasValueAsync(prometheus, Substitute(query.Expression, token.Port), query.ToString());

            var rules = await prometheus.RulesAsync();
            Assert.NotEmpty(rules);
            foreach (var (name, expression, health) in rules)
            {
                Assert.True(health != "err", name);
                MatchCollection series = Series().Matches(expression);
                Assert.NotEmpty(series);
                foreach (Match one in series)
                    await HasValueAsync(prometheus, one.Value, name);
            }
        }
        finally
        {
            await stop.CancelAsync();
            await load;
        }
    }

    // As Grafana does: the job and the server that were chosen, and a stretch of some scrapes.
    private static string Substitute(string expression, int port) => expression
        .Replace("$job", "rabbit", StringComparison.Ordinal).Replace("$instance", ".+", StringComparison.Ordinal)
        .Replace("$port", $"{port}", StringComparison.Ordinal).Replace("$__rate_interval", "30s", StringComparison.Ordinal)
        .Replace("$__range", "5m", StringComparison.Ordinal);

    private static async Task BecomesAsync(PrometheusProcess prometheus, string expression, double expected) => await Eventually.BecomesAsync(
        () => prometheus.QueryAsync(expression), values => values is [var value] && value == expected, Patience, $"{expression} is {expected}");

    private static async Task HasValueAsync(PrometheusProcess prometheus, string expression, string what) => await Eventually.BecomesAsync(
        () => prometheus.QueryAsync(expression), values => values.Any(value => !double.IsNaN(value)), Patience, $"{what} has a value ({expression})");

    // Visitors that are served, refused and turned away, a client that comes and goes, a login that is rejected; again and again.
    private static async Task LoadAsync(RabbitProcess server, TestToken token, TestToken refusing, TestToken breaking, CancellationToken cancellationToken)
    {
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        try
        {
            do
            {
                using (var visitor = await SocketConversation.ConnectAsync(token.Port))
                {
                    await visitor.SendAllAsync("hello");
                    await visitor.ReadExactlyAsync(5);
                }
                await Curl.GetAsync(refusing.Port);
                using (NativePeer peer = await NativePeer.LoginAsync(server.ControlPort, breaking))
                {
                }
                using NativePeer stranger = await NativePeer.ConnectAsync(server.ControlPort);
                await stranger.SendAsync(NativePeer.HelloOf("rbt_000000000000_00000000000000000000000000000000"));
                await stranger.ReadOrEndAsync();
            }
            while (await pace.WaitForNextTickAsync(cancellationToken));
        }
        catch (OperationCanceledException)
        {
            // Enough.
        }
    }

    [GeneratedRegex(@"[a-z][a-z0-9_]*\{[^}]*\}")]
    private static partial Regex Series();
}
