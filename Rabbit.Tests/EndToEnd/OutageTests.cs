using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using Rabbit.Persistence.Model;
using Rabbit.Tests.Support;
using Rabbit.Tunneling.State;
using Xunit;

namespace Rabbit.Tests.EndToEnd;

/// <summary>
/// PostgreSQL and Redis stand still, or are gone, while visitors come. The long form, five minutes for each outage:
/// RABBIT_TEST_OUTAGE_SECONDS=300 ./test.sh -class "*OutageTests"
/// </summary>
[Trait("Property", "P36")]
public sealed class OutageTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan TokenCacheTime = TimeSpan.FromSeconds(10);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // Longer than the time for which a token is known without the database.
    private static TimeSpan Outage { get; } = TimeSpan.FromSeconds(
        int.Parse(Environment.GetEnvironmentVariable("RABBIT_TEST_OUTAGE_SECONDS") ?? "14", CultureInfo.InvariantCulture));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Outage_OfPostgresAndRedis_VisitorsNoticeNothing_KnownTokensConnect_AndNoRowIsMissing(bool freeze)
    {
        await using PrivateServer postgres = await PrivateServer.MakePostgresAsync();
        await using PrivateServer redis = PrivateServer.MakeRedis();
        await postgres.StartAsync();
        await redis.StartAsync();
        await using Installation installation = await Installation.CreateAsync(postgres.PostgresConnection, redis.RedisConnection);
        await using LocalService service = LocalService.Echo();
        RabbitProcess server = await installation.StartAsync(
            ("RABBIT_HEARTBEAT_INTERVAL", "00:00:01"), ("RABBIT_TOKEN_CACHE_TIME", TokenCacheTime.ToString()));
        TestToken token = await server.CreateTokenAsync();
        TestToken known = await server.CreateTokenAsync();
        TestToken unknown = await server.CreateTokenAsync();
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(server, token, service.Port);
        await using (TunnelClientProcess before = await TunnelClientProcess.ConnectAsync(server, known, service.Port))
            await before.Process.Kill9Async();
        using Socket established = await SocketConversation.ConnectAsync(token.Port);
        await EchoAsync(established, 1000);

        if (freeze)
        {
            postgres.Freeze();
            redis.Freeze();
        }
        else
        {
            await postgres.Kill9Async();
            await redis.Kill9Async();
        }
        long began = Stopwatch.GetTimestamp();
        await using TunnelClientProcess stranger = TunnelClientProcess.Start(await server.ConnectionStringAsync(unknown), service.Port);
        await using TunnelClientProcess again = await TunnelClientProcess.ConnectAsync(server, known, service.Port);
        Assert.True(Stopwatch.GetElapsedTime(began) < TokenCacheTime, "The known token was let in, but too late to say why.");
        int visits = 0;
        while (Stopwatch.GetElapsedTime(began) < Outage)
        {
            await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => VisitAsync(token.Port)));
            visits += 4;
            await EchoAsync(established, 1000);
        }
        await stranger.Process.WaitForLineAsync("database does not answer", Soon);
        Assert.Contains("database does not answer", await HealthAsync(server), StringComparison.Ordinal);

        // By now its minute is over, and it is asked to come back, not told that it is unknown.
        await again.Process.Kill9Async();
        await using TunnelClientProcess later = TunnelClientProcess.Start(await server.ConnectionStringAsync(known), service.Port);
        await later.Process.WaitForLineAsync("database does not answer", Soon);

        if (freeze)
        {
            postgres.Thaw();
            redis.Thaw();
        }
        else
        {
            await postgres.StartAsync();
            await redis.StartAsync();
        }
        await stranger.Process.WaitForLineAsync("Tunnel is up", Soon);
        await later.Process.WaitForLineAsync("Tunnel is up", Soon);
        established.Shutdown(SocketShutdown.Send);
        Assert.Empty(await established.ReadToEndAsync());
        List<ConnectionLogRow> rows = await Eventually.BecomesAsync(
            () => installation.VisitsAsync(token.Port), rows => rows.Count == visits + 1 && rows.TrueForAll(row => row.Status == ConnectionStatus.Closed),
            Soon, $"all {visits + 1} visits are on record");
        Assert.All(rows, row => Assert.Equal(row.BytesFromVisitor, row.BytesToVisitor));
        Assert.Equal(visits, rows.Count(row => row.BytesFromVisitor == 10));
        await Eventually.BecomesAsync(() => HealthAsync(server), health => health == "Rabbit is running", Soon, "the server is healthy");
        TestContext.Current.TestOutputHelper?.WriteLine($"{visits} visits in {Outage.TotalSeconds} s of outage");
    }

    [Fact]
    public async Task Start_PostgresAway_IsDegradedAndRestoresWhenItComes()
    {
        await using PrivateServer postgres = await PrivateServer.MakePostgresAsync();
        await postgres.StartAsync();
        await using Installation installation = await Installation.CreateAsync(postgres.PostgresConnection, TestServers.Redis);
        await using LocalService service = LocalService.Echo();
        RabbitProcess first = await installation.StartAsync();
        var (connectionString, port) = await first.ReadFirstStepsAsync();
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(connectionString, service.Port);
        await VisitAsync(port);
        await Eventually.BecomesAsync(() => installation.VisitsAsync(port), rows => rows.Count == 1, Soon, "the visit is on record");
        await postgres.Kill9Async();
        await first.Process.Kill9Async();
        int mark = client.Process.Mark;

        RabbitProcess second = await installation.StartAsync();
        await second.Process.WaitForLineAsync("The server starts without it", Soon);
        Assert.Contains("tunnels are restored when it can", await HealthAsync(second), StringComparison.Ordinal);
        await client.Process.WaitForLineAsync("database does not answer", Soon, mark);

        await postgres.StartAsync();
        await second.Process.WaitForLineAsync($"Restored tunnel listener on port {port} (sessions: 1)", Soon);
        await client.WaitUntilBackAsync(mark);
        await VisitAsync(port);
        Assert.Equal("Rabbit is running", await HealthAsync(second));
        await Eventually.BecomesAsync(() => installation.VisitsAsync(port), rows => rows.Count == 2, Soon, "both visits are on record");
    }

    [Fact]
    public async Task FirstStart_PostgresAway_MakesTheFirstTokenWhenItComes()
    {
        await using PrivateServer postgres = await PrivateServer.MakePostgresAsync();
        await postgres.StartAsync();
        await using Installation installation = await Installation.CreateAsync(postgres.PostgresConnection, TestServers.Redis);
        await postgres.Kill9Async();
        RabbitProcess server = installation.Launch();
        await server.Process.WaitForLineAsync("API listening on", Soon);
        await postgres.StartAsync();
        var (connectionString, port) = await server.ReadFirstStepsAsync();
        await using LocalService service = LocalService.Echo();
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(connectionString, service.Port);
        await VisitAsync(port);
    }

    // The message, with a problem's reasons.
    private static async Task<string> HealthAsync(RabbitProcess server)
    {
        using var http = new HttpClient();
        using HttpResponseMessage response = await http.GetAsync(new Uri(server.Api.Address, "/api/v1/health"), Cancellation);
        using JsonDocument health = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancellation));
        Assert.Equal(response.IsSuccessStatusCode, health.RootElement.GetProperty("status").GetString() == "healthy");
        return health.RootElement.GetProperty("message").GetString()!;
    }

    private static async Task VisitAsync(int port)
    {
        using Socket visitor = await SocketConversation.ConnectAsync(port);
        await EchoAsync(visitor, 10);
        visitor.Shutdown(SocketShutdown.Send);
        Assert.Empty(await visitor.ReadToEndAsync(Patience));
    }

    private static async Task EchoAsync(Socket visitor, int bytes)
    {
        await visitor.SendAllAsync(new byte[bytes], Cancellation);
        await visitor.ReadExactlyAsync(bytes, Patience);
    }
}
