using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Host.Api;

/// <summary>What callers can get wrong: a problem that tells them, on either database, and nothing made.</summary>
[Collection<SharedApiServers>]
[Trait("Property", "P14")]
public sealed class BadInputTests(ApiServers servers)
{
    private const string Teams = "/api/v1/teams";
    private const string Generate = "/api/v1/tokens/generate";

    /// <summary>Bodies that are wrong for every route that takes one.</summary>
    public static TheoryData<Engine, string, string> Bodies()
    {
        string[] bodies =
        [
            "", "not JSON", "null", "[]", "5", "\"text\"", "{", "{\"name\":}", "{\"name\":\"a\"", "{'name':'a'}", "{\"name\":5}", "{\"name\":{}}",
            "{\"name\":null}", "{}", "{\"name\":\"\"}", "{\"name\":\"  \"}", "{\"name\":\"\\ud800\"}", "{\"name\":\"a\\u0000b\"}",
            "{\"name\":\"a\\nb\"}", "{\"name\":\"a\\u001b[31mb\"}", "{\"name\":\"a\\u202eb\"}", "{\"name\":\"a\\u2028b\"}", "{\"name\":\"a\",\"nonsense\":1}", "{\"name\":\"a\",\"name\":\"b\"}", $"{{\"name\":\"{new string('n', 101)}\"}}",
            $"{{\"name\":\"a\",\"description\":\"{new string('d', 1001)}\"}}", "{\"name\":\"a\",\"description\":\"\\u0000\"}",
            "{\"name\":\"a\",\"description\":\"\\udc00\"}", $"{{\"name\":{new string('[', 1000)}{new string(']', 1000)}}}",
        ];
        return [.. from engine in Enum.GetValues<Engine>()
                   from path in new[] { Teams, Generate }
                   from body in bodies
                   select (engine, path, body)];
    }

    /// <summary>Values that are wrong for a new token, put into a request that is right otherwise.</summary>
    public static TheoryData<Engine, string, string> TokenValues()
    {
        (string Field, string[] Values)[] wrong =
        [
            ("expires_in_days", ["-1", "-2147483648", "36501", "2147483647", "99999999999999999999", "1.5", "1e9", "true", "[]"]),
            ("port", ["0", "-1", "1", "65536", "2147483647", "99999999999", "10.5", "\"http\"", "{}"]),
            ("kind", ["\"nonsense\"", "\"7\"", "\"-1\"", "\"\"", "7", "\"1\"", "\"http, ssh\"", "\"\\u0000\""]),
        ];
        return [.. from engine in Enum.GetValues<Engine>()
                   from field in wrong
                   from value in field.Values
                   select (engine, field.Field, value)];
    }

    public static TheoryData<Engine, string> Ids() =>
    [
        .. from engine in Enum.GetValues<Engine>()
           from id in new[]
           {
               "nonsense", "00000000-0000-0000-0000-000000000000", "' OR '1'='1", "\"", "\u001b[31m", "\u202e", "%", "_", "{}", "é",
               "\\", new string('x', 4000),
           }
           select (engine, id),
    ];

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task Post_BodyWrong_Answers400(Engine engine, string path, string body)
    {
        ApiServer server = servers[engine];
        string before = await ReadTeamsAsync(server);
        (await server.PostAsync(path, body)).AssertProblem(HttpStatusCode.BadRequest);
        Assert.Equal(before, await ReadTeamsAsync(server));
    }

    [Theory]
    [MemberData(nameof(TokenValues))]
    public async Task GenerateToken_ValueWrong_Answers400(Engine engine, string field, string value)
    {
        ApiServer server = servers[engine];
        string team = await server.CreateTeamAsync();
        ApiAnswer answer = await server.PostAsync(Generate, $"{{\"team_id\":\"{team}\",\"name\":\"a\",\"{field}\":{value}}}");
        answer.AssertProblem(HttpStatusCode.BadRequest);
        Assert.Empty(await ReadTokensAsync(server, team));
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task EveryRouteWithAnId_UnknownId_Answers404(Engine engine, string id)
    {
        ApiServer server = servers[engine];
        string team = await server.CreateTeamAsync();
        string escaped = Uri.EscapeDataString(id);
        (await server.PostAsync(Generate, JsonSerializer.Serialize(new { team_id = id, name = "a" }))).AssertProblem(HttpStatusCode.NotFound);
        (await server.SendAsync(HttpMethod.Get, $"{Teams}/{escaped}/tokens")).AssertProblem(HttpStatusCode.NotFound);
        (await server.SendAsync(HttpMethod.Delete, $"{Teams}/{escaped}/tokens/{escaped}")).AssertProblem(HttpStatusCode.NotFound);
        (await server.SendAsync(HttpMethod.Delete, $"{Teams}/{team}/tokens/{escaped}")).AssertProblem(HttpStatusCode.NotFound);
        (await server.SendAsync(HttpMethod.Get, $"/api/v1/restoration/{escaped}")).AssertProblem(HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData(Engine.Sqlite, "\\u0000")]
    [InlineData(Engine.Sqlite, "a\\u0000b")]
    [InlineData(Engine.PostgresAndRedis, "\\u0000")]
    [InlineData(Engine.PostgresAndRedis, "a\\u0000b")]
    public async Task GenerateToken_TeamIdThatNoDatabaseKnows_Answers404(Engine engine, string id) =>
        (await servers[engine].PostAsync(Generate, $"{{\"team_id\":\"{id}\",\"name\":\"a\"}}")).AssertProblem(HttpStatusCode.NotFound);

    // Kestrel answers some of these itself, without a body.
    [Theory]
    [InlineData(Engine.Sqlite, "%00")]
    [InlineData(Engine.Sqlite, "%FF%FE")]
    [InlineData(Engine.Sqlite, "%ED%A0%80")]
    [InlineData(Engine.PostgresAndRedis, "%00")]
    [InlineData(Engine.PostgresAndRedis, "%FF%FE")]
    [InlineData(Engine.PostgresAndRedis, "%ED%A0%80")]
    public async Task ListTokens_PathNotUtf8_IsTheCallersFault(Engine engine, string id)
    {
        ApiAnswer answer = await servers[engine].SendAsync(HttpMethod.Get, $"{Teams}/{id}/tokens");
        Assert.InRange((int)answer.Status, 400, 404);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("65536")]
    [InlineData("99999999999999999999")]
    [InlineData("1")]
    public async Task Restoration_PortUnknown_Answers404(string port) =>
        (await servers[Engine.Sqlite].SendAsync(HttpMethod.Get, $"/api/v1/restoration/{port}")).AssertProblem(HttpStatusCode.NotFound);

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.PostgresAndRedis)]
    public async Task GenerateToken_TeamMissing_Answers404(Engine engine)
    {
        (await servers[engine].PostAsync(Generate, "{\"name\":\"a\"}")).AssertProblem(HttpStatusCode.NotFound);
        (await servers[engine].PostAsync(Generate, "{\"name\":\"a\",\"team_id\":null}")).AssertProblem(HttpStatusCode.NotFound);
        (await servers[engine].PostAsync(Generate, "{\"name\":\"a\",\"team_id\":5}")).AssertProblem(HttpStatusCode.BadRequest);
    }

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.PostgresAndRedis)]
    public async Task GenerateToken_PortOfAnother_Answers409(Engine engine)
    {
        ApiServer server = servers[engine];
        TestToken first = await server.Server.Api.CreateTokenAsync();
        string team = await server.CreateTeamAsync();
        string request = JsonSerializer.Serialize(new { team_id = team, name = "second", port = first.Port });
        ApiAnswer taken = await server.PostAsync(Generate, request);
        taken.AssertProblem(HttpStatusCode.Conflict);
        Assert.Contains($"{first.Port}", taken.Json.GetProperty("error").GetString(), StringComparison.Ordinal);

        // Nor is it to be had right after.
        await server.Server.Api.DeleteTokenAsync(first);
        (await server.PostAsync(Generate, request)).AssertProblem(HttpStatusCode.Conflict);
        Assert.Empty(await ReadTokensAsync(server, team));
    }

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.PostgresAndRedis)]
    public async Task CreateTeam_NameTaken_Answers409(Engine engine)
    {
        string request = JsonSerializer.Serialize(new { name = $"twice {Guid.NewGuid():N}" });
        Assert.Equal(HttpStatusCode.Created, (await servers[engine].PostAsync(Teams, request)).Status);
        (await servers[engine].PostAsync(Teams, request)).AssertProblem(HttpStatusCode.Conflict);
    }

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.PostgresAndRedis)]
    [Trait("Property", "P02")]
    public async Task CreateTeam_NameLooksLikeSql_IsKeptAsWritten(Engine engine)
    {
        string name = $"'; DROP TABLE teams; -- \" {{0}} <b>& {Guid.NewGuid():N}";
        ApiAnswer created = await servers[engine].PostAsync(Teams, JsonSerializer.Serialize(new { name, description = name + "\u202e\n\t" }));
        Assert.Equal(HttpStatusCode.Created, created.Status);
        JsonElement teams = (await servers[engine].SendAsync(HttpMethod.Get, Teams)).Json.GetProperty("data");
        JsonElement kept = Assert.Single(teams.EnumerateArray(), team => team.GetProperty("team_name").GetString() == name);
        Assert.Equal(name + "\u202e\n\t", kept.GetProperty("description").GetString());
    }

    [Fact]
    public async Task Post_BodyNotUtf8_Answers400()
    {
        using var body = new ByteArrayContent([.. "{\"name\":\""u8, 0xFF, 0xFE, .. "\"}"u8]);
        body.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        (await servers[Engine.Sqlite].SendAsync(HttpMethod.Post, Teams, body)).AssertProblem(HttpStatusCode.BadRequest);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    public async Task Post_BodyOfAnotherType_Answers415(string type)
    {
        using var body = new StringContent("{\"name\":\"a\"}", Encoding.UTF8, type);
        (await servers[Engine.Sqlite].SendAsync(HttpMethod.Post, Teams, body)).AssertProblem(HttpStatusCode.UnsupportedMediaType);
    }

    [Fact]
    public async Task Post_BodyTooLarge_Answers413() =>
        (await servers[Engine.Sqlite].PostAsync(Teams, JsonSerializer.Serialize(new { name = new string('n', 70_000) })))
            .AssertProblem(HttpStatusCode.RequestEntityTooLarge);

    [Theory]
    [InlineData("PUT", "/api/v1/teams", HttpStatusCode.MethodNotAllowed)]
    [InlineData("DELETE", "/api/v1/teams", HttpStatusCode.MethodNotAllowed)]
    [InlineData("POST", "/api/v1/health", HttpStatusCode.MethodNotAllowed)]
    [InlineData("PUT", "/api/v1/tokens/generate", HttpStatusCode.MethodNotAllowed)]
    [InlineData("GET", "/api/v1/nonsense", HttpStatusCode.NotFound)]
    [InlineData("GET", "/api/v2/teams", HttpStatusCode.NotFound)]
    [InlineData("GET", "/nonsense", HttpStatusCode.NotFound)]
    [InlineData("GET", "/api/v1/teams//tokens", HttpStatusCode.NotFound)]
    public async Task Route_Unknown_IsAProblemToo(string method, string path, HttpStatusCode status) =>
        (await servers[Engine.Sqlite].SendAsync(HttpMethod.Parse(method), path)).AssertProblem(status);

    private static async Task<string> ReadTeamsAsync(ApiServer server)
    {
        ApiAnswer answer = await server.SendAsync(HttpMethod.Get, Teams);
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        return answer.Body;
    }

    private static async Task<JsonElement.ArrayEnumerator> ReadTokensAsync(ApiServer server, string team)
    {
        ApiAnswer answer = await server.SendAsync(HttpMethod.Get, $"{Teams}/{team}/tokens");
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        return answer.Json.GetProperty("data").EnumerateArray();
    }
}
