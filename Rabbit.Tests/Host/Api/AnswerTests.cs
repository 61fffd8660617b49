using System.Globalization;
using System.Net;
using System.Text.Json;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Host.Api;

/// <summary>The shapes that callers of rabbit.go's API rely on.</summary>
[Collection<SharedApiServers>]
public sealed class AnswerTests(ApiServers servers)
{
    private static readonly string[] Answer = ["success", "message", "data"];
    private static readonly string[] TeamFields = ["team_id", "team_name", "description", "created_at", "tokens"];
    private static readonly string[] TokenFields = ["token_id", "name", "description", "port", "protocol", "created_at", "last_used_at", "expires_at"];

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.PostgresAndRedis)]
    public async Task GenerateToken_Valid_Answers201WithTheToken(Engine engine)
    {
        ApiServer server = servers[engine];
        DateTimeOffset before = TimeProvider.System.GetUtcNow();
        string team = await server.CreateTeamAsync();
        ApiAnswer answer = await server.PostAsync("/api/v1/tokens/generate", JsonSerializer.Serialize(new
        {
            team_id = team,
            name = "reporting",
            description = "nightly",
            expires_in_days = 90,
            kind = "postgres",
        }));

        Assert.Equal((HttpStatusCode.Created, "application/json"), (answer.Status, answer.MediaType));
        AssertFields(Answer, answer.Json);
        Assert.True(answer.Json.GetProperty("success").GetBoolean());
        JsonElement data = answer.Json.GetProperty("data");
        AssertFields(
            ["token_id", "team_id", "team_name", "token_name", "token", "description", "assigned_port", "protocol", "created_at", "expires_at", "connection_uri", "previous_secret_until"], data);
        Assert.Equal(team, data.GetProperty("team_id").GetString());
        Assert.StartsWith("team ", data.GetProperty("team_name").GetString(), StringComparison.Ordinal);
        Assert.Equal("reporting", data.GetProperty("token_name").GetString());
        Assert.Equal("nightly", data.GetProperty("description").GetString());
        Assert.Equal("tcp", data.GetProperty("protocol").GetString());
        Assert.Equal($"rbt_{data.GetProperty("token_id").GetString()}_", data.GetProperty("token").GetString()![..^32]);
        Assert.InRange(data.GetProperty("assigned_port").GetInt32(), server.Installation.FirstTunnelPort, server.Installation.FirstTunnelPort + 19);
        DateTimeOffset created = AssertUtc(data.GetProperty("created_at"));
        Assert.InRange(created, before.AddMilliseconds(-1), TimeProvider.System.GetUtcNow());
        Assert.Equal(created.AddDays(90), AssertUtc(data.GetProperty("expires_at")));
    }

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.PostgresAndRedis)]
    [Trait("Property", "P04")]
    public async Task ListTeams_AfterGenerate_ShowsTheTokenWithoutItsSecret(Engine engine)
    {
        ApiServer server = servers[engine];
        string team = await server.CreateTeamAsync();
        ApiAnswer made = await server.PostAsync("/api/v1/tokens/generate", JsonSerializer.Serialize(new { team_id = team, name = "web", expires_in_days = 0 }));
        JsonElement data = made.Json.GetProperty("data");
        string secret = data.GetProperty("token").GetString()![^32..];

        ApiAnswer teams = await server.SendAsync(HttpMethod.Get, "/api/v1/teams");
        Assert.Equal(HttpStatusCode.OK, teams.Status);
        AssertFields(Answer, teams.Json);
        JsonElement listed = Assert.Single(
            teams.Json.GetProperty("data").EnumerateArray(), one => one.GetProperty("team_id").GetString() == team);
        AssertFields(TeamFields, listed);
        AssertUtc(listed.GetProperty("created_at"));
        JsonElement token = Assert.Single(listed.GetProperty("tokens").EnumerateArray());
        AssertFields(TokenFields, token);
        Assert.Equal(data.GetProperty("token_id").GetString(), token.GetProperty("token_id").GetString());
        Assert.Equal("web", token.GetProperty("name").GetString());
        Assert.Equal("", token.GetProperty("description").GetString());
        Assert.Equal(data.GetProperty("assigned_port").GetInt32(), token.GetProperty("port").GetInt32());
        Assert.Equal("tcp", token.GetProperty("protocol").GetString());
        AssertUtc(token.GetProperty("created_at"));
        Assert.Equal(JsonValueKind.Null, token.GetProperty("last_used_at").ValueKind);
        Assert.Equal(JsonValueKind.Null, token.GetProperty("expires_at").ValueKind);

        ApiAnswer tokens = await server.SendAsync(HttpMethod.Get, $"/api/v1/teams/{team}/tokens");
        Assert.Equal(JsonSerializer.Serialize(token), JsonSerializer.Serialize(Assert.Single(tokens.Json.GetProperty("data").EnumerateArray())));
        foreach (string path in new[] { "teams", $"teams/{team}/tokens", "sessions", "restoration", "stats" })
            Assert.DoesNotContain(secret, (await server.SendAsync(HttpMethod.Get, $"/api/v1/{path}")).Body, StringComparison.Ordinal);
        Assert.DoesNotContain(server.Server.Process.Lines, line => line.Contains(secret, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.PostgresAndRedis)]
    public async Task CreateTeam_Valid_Answers201WithTheTeam(Engine engine)
    {
        string name = $"platform {Guid.NewGuid():N}";
        ApiAnswer answer = await servers[engine].PostAsync("/api/v1/teams", JsonSerializer.Serialize(new { name = $"  {name} ", description = "ours" }));
        Assert.Equal(HttpStatusCode.Created, answer.Status);
        AssertFields(Answer, answer.Json);
        JsonElement team = answer.Json.GetProperty("data");
        AssertFields(TeamFields, team);
        Assert.Equal(name, team.GetProperty("team_name").GetString());
        Assert.Equal("ours", team.GetProperty("description").GetString());
        Assert.Empty(team.GetProperty("tokens").EnumerateArray());
    }

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.PostgresAndRedis)]
    [Trait("Property", "P21")]
    public async Task DeleteToken_Twice_AnswersDoneAndThen404(Engine engine)
    {
        ApiServer server = servers[engine];
        TestToken token = await server.Server.Api.CreateTokenAsync();
        string path = $"/api/v1/teams/{token.TeamId}/tokens/{token.Id}";
        string othersPath = $"/api/v1/teams/{await server.CreateTeamAsync()}/tokens/{token.Id}";
        (await server.SendAsync(HttpMethod.Delete, othersPath)).AssertProblem(HttpStatusCode.NotFound);

        ApiAnswer done = await server.SendAsync(HttpMethod.Delete, path);
        Assert.Equal(HttpStatusCode.OK, done.Status);
        AssertFields(["success", "message"], done.Json);
        Assert.True(done.Json.GetProperty("success").GetBoolean());
        (await server.SendAsync(HttpMethod.Delete, path)).AssertProblem(HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.PostgresAndRedis)]
    public async Task Stats_AfterATeamAndAToken_CountThem(Engine engine)
    {
        ApiServer server = servers[engine];
        JsonElement before = await ReadStatsAsync(server);
        await server.CreateTeamAsync();
        await server.Server.Api.CreateTokenAsync();
        JsonElement after = await ReadStatsAsync(server);

        AssertFields(["active_teams", "active_tokens", "port_assignments", "active_sessions", "connections_today"], after);
        foreach (string grown in new[] { "active_teams", "active_tokens", "port_assignments" })
            Assert.Equal(before.GetProperty(grown).GetInt32() + 1, after.GetProperty(grown).GetInt32());
        Assert.Equal(0, after.GetProperty("active_sessions").GetInt32());
        Assert.Equal(0, after.GetProperty("connections_today").GetInt32());
    }

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.PostgresAndRedis)]
    public async Task Health_WithoutKey_SaysHealthy(Engine engine)
    {
        ApiAnswer health = await servers[engine].SendAsync(HttpMethod.Get, "/api/v1/health", authorization: null);
        Assert.Equal(HttpStatusCode.OK, health.Status);
        AssertFields(["success", "status", "message", "timestamp", "reasons"], health.Json);
        Assert.True(health.Json.GetProperty("success").GetBoolean());
        Assert.Equal("healthy", health.Json.GetProperty("status").GetString());
        AssertUtc(health.Json.GetProperty("timestamp"));
    }

    [Fact]
    public async Task Swagger_WithoutKey_ShowsThePageAndTheDescription()
    {
        ApiServer server = servers[Engine.Sqlite];
        ApiAnswer page = await server.SendAsync(HttpMethod.Get, "/swagger", authorization: null);
        Assert.Equal((HttpStatusCode.OK, "text/html"), (page.Status, page.MediaType));
        Assert.Contains("swagger-ui", page.Body, StringComparison.Ordinal);
        ApiAnswer script = await server.SendAsync(HttpMethod.Get, "/swagger/index.js", authorization: null);
        Assert.Contains("/swagger/v1/swagger.json", script.Body, StringComparison.Ordinal);

        ApiAnswer description = await server.SendAsync(HttpMethod.Get, "/swagger/v1/swagger.json", authorization: null);
        Assert.Equal((HttpStatusCode.OK, "application/json"), (description.Status, description.MediaType));
        Assert.StartsWith("3.", description.Json.GetProperty("openapi").GetString(), StringComparison.Ordinal);
        JsonElement generate = description.Json.GetProperty("paths").GetProperty("/api/v1/tokens/generate").GetProperty("post");
        Assert.Equal(["201", "400", "401", "403", "404", "409", "413", "415", "429", "503"], generate.GetProperty("responses").EnumerateObject().Select(one => one.Name).Order(StringComparer.Ordinal));
        Assert.True(description.Json.GetProperty("components").GetProperty("schemas").GetProperty("GenerateTokenRequest")
            .GetProperty("properties").TryGetProperty("expires_in_days", out _));
        Assert.Equal("bearer", description.Json.GetProperty("components").GetProperty("securitySchemes").GetProperty("key").GetProperty("scheme").GetString());
    }

    private static async Task<JsonElement> ReadStatsAsync(ApiServer server)
    {
        ApiAnswer answer = await server.SendAsync(HttpMethod.Get, "/api/v1/stats");
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        return answer.Json;
    }

    private static void AssertFields(string[] expected, JsonElement actual) =>
        Assert.Equal(expected.Order(StringComparer.Ordinal), actual.EnumerateObject().Select(field => field.Name).Order(StringComparer.Ordinal));

    private static DateTimeOffset AssertUtc(JsonElement date)
    {
        string text = date.GetString()!;
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)$", text);
        return DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
    }
}
