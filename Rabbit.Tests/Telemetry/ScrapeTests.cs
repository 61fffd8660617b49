using System.Net;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Telemetry;

/// <summary>GET /metrics: who may scrape it, and what it holds.</summary>
public sealed class ScrapeTests
{
    // As dashboards and alerts ask for them: docs/telemetry.md.
    private static readonly string[] AlwaysThere =
    [
        "rabbit_tunnels{rabbit_tunnel_state=\"live\"}",
        "rabbit_tunnels{rabbit_tunnel_state=\"offline\"}",
        "rabbit_tunnels{rabbit_tunnel_state=\"port_busy\"}",
        "rabbit_tunnels{rabbit_tunnel_state=\"draining\"}",
        "rabbit_sessions{rabbit_session_protocol=\"native\"}",
        "rabbit_sessions{rabbit_session_protocol=\"legacy\"}",
        "rabbit_services{rabbit_service_health=\"ok\"}",
        "rabbit_services{rabbit_service_health=\"service_down\"}",
        "rabbit_services{rabbit_service_health=\"client_offline\"}",
        "rabbit_services{rabbit_service_health=\"unknown\"}",
        "rabbit_alert_waiting{}",
        "rabbit_alert_deliveries_total{rabbit_alert_outcome=\"delivered\"}",
        "rabbit_alert_deliveries_total{rabbit_alert_outcome=\"failed\"}",
        "rabbit_alert_deliveries_total{rabbit_alert_outcome=\"lost\"}",
        "rabbit_handshakes{}",
        "rabbit_visitor_active{}",
        "rabbit_visitor_waiting{}",
        "rabbit_visitor_waits_total{rabbit_wait_outcome=\"served\"}",
        "rabbit_visitor_waits_total{rabbit_wait_outcome=\"failed\"}",
        "rabbit_visitor_waits_total{rabbit_wait_outcome=\"expired\"}",
        "rabbit_visitor_waits_total{rabbit_wait_outcome=\"left\"}",
        "rabbit_visitor_waits_total{rabbit_wait_outcome=\"refused\"}",
        "rabbit_visitor_waits_total{rabbit_wait_outcome=\"closed\"}",
        "rabbit_channel_ready{}",
        "rabbit_restoration_duration_seconds{}",
        "rabbit_restoration_tunnels{rabbit_restoration_state=\"waiting\"}",
        "rabbit_restoration_tunnels{rabbit_restoration_state=\"reconnected\"}",
        "rabbit_restoration_tunnels{rabbit_restoration_state=\"port_busy\"}",
        "rabbit_restoration_tunnels{rabbit_restoration_state=\"closed\"}",
        "rabbit_connection_log_queue{}",
        "rabbit_connection_log_queue_limit{}",
        "rabbit_connection_log_journal_size_bytes{}",
        "rabbit_database_up{}",
        "process_unix_file_descriptor_count{}",
        "rabbit_process_file_descriptor_limit{}",
        "process_cpu_time_seconds_total{cpu_mode=\"user\"}",
        "process_cpu_time_seconds_total{cpu_mode=\"system\"}",
        "process_memory_usage_bytes{}",
    ];

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.PostgresAndRedis)]
    public async Task Page_OfAFreshServer_HoldsWhatIsAlwaysThere(Engine engine)
    {
        await using Installation installation = await Installation.CreateAsync(engine);
        RabbitProcess server = await installation.StartAsync();
        MetricsPage page = await Eventually.BecomesAsync(
            () => MetricsPage.ScrapeAsync(installation, server), page => engine == Engine.Sqlite || page["rabbit_redis_up"] == 1,
            TimeSpan.FromSeconds(20), "Redis is up");
        Assert.DoesNotContain(AlwaysThere, series => !page.Series.ContainsKey(series));
        Assert.Contains("rabbit_build_info{service_version=\"", page.Text, StringComparison.Ordinal);
        Assert.Equal(1, page["rabbit_database_up"]);
        Assert.Equal(engine != Engine.Sqlite, page.Series.ContainsKey("rabbit_redis_up{}"));
        Assert.InRange(page["process_unix_file_descriptor_count"], 10, page["rabbit_process_file_descriptor_limit"]);
        string system = engine == Engine.Sqlite ? "sqlite" : "postgresql";
        Assert.True(page[$"db_client_operation_duration_seconds_count{{db_system_name=\"{system}\"}}"] > 5);
        Assert.Contains("# TYPE dotnet_gc_collections_total counter", page.Text, StringComparison.Ordinal);
        Assert.Contains("# TYPE http_server_active_requests gauge", page.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Page_ByEveryKindOfKey_IsForKeysOfTheWholeServer()
    {
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess server = await installation.StartAsync();
        string team = (await server.Api.GetAsync("teams")).GetProperty("data")[0].GetProperty("team_id").GetString()!;
        string readOnly = await CreateKeyAsync(new { name = "scraper", role = "read_only" });
        string ofTeam = await CreateKeyAsync(new { name = "team", role = "team", team_id = team });

        Assert.Equal(HttpStatusCode.Unauthorized, (await MetricsPage.ScrapeAsync(server, null)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await MetricsPage.ScrapeAsync(server, "nonsense")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await MetricsPage.ScrapeAsync(server, ofTeam)).Status);
        Assert.Equal(HttpStatusCode.OK, (await MetricsPage.ScrapeAsync(server, readOnly)).Status);

        async Task<string> CreateKeyAsync(object body) =>
            (await server.Api.SendAsync(HttpMethod.Post, "keys", body)).GetProperty("data").GetProperty("key").GetString()!;
    }

    [Fact]
    public async Task Disabled_PageIsNotThere()
    {
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess server = await installation.StartAsync(("OTEL_SDK_DISABLED", "true"));
        string key = (await File.ReadAllTextAsync(Path.Combine(installation.Data, "admin.key"), TestContext.Current.CancellationToken)).Trim();
        Assert.Equal(HttpStatusCode.NotFound, (await MetricsPage.ScrapeAsync(server, key)).Status);
    }

    [Fact]
    public async Task TunnelMetrics_GivesSeriesToThatManyTunnels_LowestPortsFirst()
    {
        await using Installation installation = await Installation.CreateAsync();
        await using LocalService service = LocalService.Echo();
        RabbitProcess server = await installation.StartAsync(("RABBIT_TUNNEL_METRICS", "2"), ("RABBIT_HEARTBEAT_INTERVAL", "00:00:00.2"));
        var clients = new List<TunnelClientProcess>();
        var tokens = new List<TestToken>();
        for (int i = 0; i < 3; i++)
        {
            tokens.Add(await server.CreateTokenAsync());
            clients.Add(await TunnelClientProcess.ConnectAsync(server, tokens[i], service.Port));
        }
        await server.Api.WaitForStateAsync(tokens[2].Port, "live", TimeSpan.FromSeconds(10));
        MetricsPage page = await Eventually.BecomesAsync(
            () => MetricsPage.ScrapeAsync(installation, server),
            page => page.Series.Keys.Count(series => series.StartsWith("rabbit_tunnel_round_trip_seconds{", StringComparison.Ordinal)) == 2,
            TimeSpan.FromSeconds(10), "heartbeats were answered");
        foreach (var (token, index) in tokens.OrderBy(token => token.Port).Select((token, index) => (token, index)))
        {
            string labels = $"{{rabbit_team_id=\"{token.TeamId}\",rabbit_tunnel_port=\"{token.Port}\"}}";
            Assert.Equal(index < 2, page.Series.ContainsKey($"rabbit_tunnel_up{labels}"));
            Assert.Equal(index < 2 ? 1 : 0, page[$"rabbit_tunnel_up{labels}"]);
        }
        foreach (TunnelClientProcess client in clients)
            await client.DisposeAsync();
    }
}
