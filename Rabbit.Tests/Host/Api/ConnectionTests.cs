using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Model;
using Rabbit.Tests.Persistence;
using Rabbit.Tests.Support;
using Rabbit.Tunneling.State;
using Xunit;

namespace Rabbit.Tests.Host.Api;

[Collection<SharedApiServers>]
public sealed class ConnectionTests(ApiServers servers)
{
    private static readonly string[] Fields =
    [
        "bytes_from_visitor", "bytes_to_visitor", "duration_ms", "id", "port", "reason", "session_id", "started_at", "status", "team_id",
        "token_id", "visitor_address", "visitor_port",
    ];

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.PostgresAndRedis)]
    public async Task ListConnections_FilteredPageByPage_AnswersEachRowOnce(Engine engine)
    {
        ApiServer server = servers[engine];
        // Not of today, which other tests count.
        DateTimeOffset newest = TimeProvider.System.GetUtcNow().AddDays(-2);
        string token = Guid.NewGuid().ToString();
        ConnectionLogRow[] rows = [.. Enumerable.Range(0, 5).Select(i => StoredConnections.Of(newest.AddSeconds(-i)))];
        foreach (ConnectionLogRow row in rows)
            (row.TokenId, row.Status, row.Reason, row.BytesToVisitor) = (token, ConnectionStatus.Refused, "client away", 1L << 40);
        await AddAsync(server, [.. rows, StoredConnections.Of(newest)]);

        var seen = new List<JsonElement>();
        string? cursor = null;
        do
        {
            ApiAnswer answer = await server.SendAsync(
                HttpMethod.Get, $"/api/v1/connections?token_id={token}&status=REFUSED&visitor_address=203.0.113.7&port=10000&limit=2"
                    + $"&from={newest.AddDays(-1):yyyy-MM-dd}{(cursor is null ? "" : $"&cursor={cursor}")}");
            Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
            Assert.Equal(["data", "message", "next", "success"], answer.Json.EnumerateObject().Select(field => field.Name).Order(StringComparer.Ordinal));
            Assert.True(answer.Json.GetProperty("success").GetBoolean());
            seen.AddRange(answer.Json.GetProperty("data").EnumerateArray());
            cursor = answer.Json.GetProperty("next").GetString();
        }
        while (cursor is not null && seen.Count < 10);

        Assert.Equal(rows.Select(row => row.Id), seen.Select(row => row.GetProperty("id").GetGuid()));
        Assert.All(seen, row => Assert.Equal(Fields, row.EnumerateObject().Select(field => field.Name).Order(StringComparer.Ordinal)));
        Assert.Equal(("refused", "client away", 1L << 40, "203.0.113.7", 2000), (
            seen[0].GetProperty("status").GetString(), seen[0].GetProperty("reason").GetString(), seen[0].GetProperty("bytes_to_visitor").GetInt64(),
            seen[0].GetProperty("visitor_address").GetString(), seen[0].GetProperty("duration_ms").GetInt64()));
    }

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.PostgresAndRedis)]
    [Trait("Property", "P14")]
    public async Task ListConnections_ValueWrong_Answers400(Engine engine)
    {
        string[] wrong =
        [
            "cursor=", "cursor=nonsense", "cursor=%00", "cursor=________________________________", "limit=0", "limit=1001", "limit=-1", "limit=x",
            "limit=99999999999", "port=0", "port=65536", "port=x", "status=", "status=sleeping", "status=0", "visitor_address=", "visitor_address=host",
            "from=yesterday", "from=0001-01-01T00:00:00%2B14:00", "to=2026-13-01", "team_id=%00", "token_id=a%00b", "token_id=%27", "team_id=%ED%A0%80",
        ];
        foreach (string query in wrong)
            (await servers[engine].SendAsync(HttpMethod.Get, $"/api/v1/connections?{query}")).AssertProblem(HttpStatusCode.BadRequest);
    }

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.PostgresAndRedis)]
    public async Task ListConnections_NothingThere_AnswersAnEmptyPage(Engine engine)
    {
        foreach (string query in new[]
        {
            "token_id=nobody", "team_id=nobody&token_id=nobody&status=active", "visitor_address=2001:db8::1", "from=9999-12-31T23:59:59Z",
            "to=0001-01-01T00:00:00Z", "from=0001-01-01&to=0001-01-02",
        })
        {
            ApiAnswer answer = await servers[engine].SendAsync(HttpMethod.Get, $"/api/v1/connections?{query}");
            Assert.True(answer.Status == HttpStatusCode.OK, $"{query}: {answer.Body}");
            Assert.Equal(0, answer.Json.GetProperty("data").GetArrayLength());
            Assert.Equal(JsonValueKind.Null, answer.Json.GetProperty("next").ValueKind);
        }
    }

    private static async Task AddAsync(ApiServer server, params ConnectionLogRow[] rows)
    {
        string? postgres = server.Installation.Database;
        await using RabbitDbContext context = postgres is null
            ? new SqliteRabbitDbContext(new DbContextOptionsBuilder<SqliteRabbitDbContext>()
                .UseSqlite($"Data Source={Path.Combine(server.Installation.Data, "rabbit.db")};Pooling=false").Options)
            : new PostgresRabbitDbContext(new DbContextOptionsBuilder<PostgresRabbitDbContext>().UseNpgsql(postgres + ";Pooling=false").Options);
        context.ConnectionLogs.AddRange(rows);
        await context.SaveChangesAsync(TestContext.Current.CancellationToken);
    }
}
