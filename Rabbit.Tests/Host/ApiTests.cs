using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Rabbit.Tests.EndToEnd;
using Xunit;

namespace Rabbit.Tests.Host;

/// <summary>The REST API of a real server, spoken to as any caller would.</summary>
public sealed class ApiTests(RunningServer running) : IClassFixture<RunningServer>
{
    private static readonly HashSet<string> Open = ["GET /", "GET /api/v1/health"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [Trait("Property", "P03")]
    [InlineData(null)]
    [InlineData("Bearer rbk_000000000000_00000000000000000000000000000000")]
    [InlineData("Bearer")]
    [InlineData("Basic YWRtaW46YWRtaW4=")]
    public async Task EveryRoute_WithoutAValidKey_Is401(string? authorization)
    {
        using HttpClient stranger = Client(authorization);
        int asked = 0;
        foreach (var (method, route) in await RoutesAsync())
        {
            using var request = new HttpRequestMessage(method, route);
            if (method == HttpMethod.Post)
                request.Content = JsonContent.Create(new { });
            using HttpResponseMessage response = await stranger.SendAsync(request, Cancellation);
            bool open = Open.Contains($"{method} {route}");
            Assert.True(response.StatusCode == (open ? HttpStatusCode.OK : HttpStatusCode.Unauthorized), $"{method} {route}: {response.StatusCode}");
            if (open)
                continue;
            await AssertProblemAsync(response, 401);
            Assert.Equal("Bearer", Assert.Single(response.Headers.WwwAuthenticate).Scheme);
            asked++;
        }
        Assert.InRange(asked, 7, 100);
        Assert.DoesNotContain(running.Server.Process.Lines, line => line.Contains("challenged", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Generate_Token_AnswersInTheKnownShapeAndShowsTheTokenOnce()
    {
        using HttpClient admin = Client(await AdminKeyAsync());
        string team = await TeamAsync(admin);
        using HttpResponseMessage response = await admin.PostAsJsonAsync(
            Api("tokens/generate"), new { team_id = team, name = "shape", description = "d\u00e9", expires_in_days = 3 }, Cancellation);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        JsonElement answer = await ReadAsync(response);
        Assert.Equal(["success", "message", "data"], Names(answer));
        JsonElement data = answer.GetProperty("data");
        Assert.Equal(
            ["token_id", "team_id", "team_name", "token_name", "token", "description", "assigned_port", "protocol", "created_at", "expires_at"],
            Names(data));
        Assert.Equal("d\u00e9", data.GetProperty("description").GetString());
        Assert.Equal("tcp", data.GetProperty("protocol").GetString());
        DateTimeOffset created = data.GetProperty("created_at").GetDateTimeOffset();
        Assert.Equal(TimeSpan.Zero, created.Offset);
        Assert.Equal(3, (data.GetProperty("expires_at").GetDateTimeOffset() - created).TotalDays, 0.01);
        string text = data.GetProperty("token").GetString()!;
        string id = data.GetProperty("token_id").GetString()!;
        Assert.StartsWith($"rbt_{id}_", text, StringComparison.Ordinal);

        string teams = await admin.GetStringAsync(Api("teams"), Cancellation);
        Assert.Contains(id, teams, StringComparison.Ordinal);
        Assert.DoesNotContain(text[^32..], teams, StringComparison.Ordinal);
        JsonElement listed = JsonDocument.Parse(teams).RootElement.GetProperty("data").EnumerateArray().First(t => t.GetProperty("team_id").GetString() == team);
        Assert.Equal(["team_id", "team_name", "description", "created_at", "tokens"], Names(listed));
        JsonElement token = listed.GetProperty("tokens").EnumerateArray().Single(t => t.GetProperty("token_id").GetString() == id);
        Assert.Equal(["token_id", "name", "description", "port", "protocol", "created_at", "last_used_at", "expires_at"], Names(token));
    }

    [Fact]
    public async Task StatusRoutes_AnswerInTheKnownShape()
    {
        using HttpClient stranger = Client(null);
        JsonElement health = JsonDocument.Parse(await stranger.GetStringAsync(Api("health"), Cancellation)).RootElement;
        Assert.Equal(["success", "status", "message", "timestamp"], Names(health));
        Assert.Equal("healthy", health.GetProperty("status").GetString());

        using HttpClient admin = Client(await AdminKeyAsync());
        JsonElement stats = JsonDocument.Parse(await admin.GetStringAsync(Api("stats"), Cancellation)).RootElement;
        Assert.Equal(["active_teams", "active_tokens", "port_assignments", "active_sessions", "connections_today"], Names(stats));

        JsonElement root = JsonDocument.Parse(await stranger.GetStringAsync(new Uri("/", UriKind.Relative), Cancellation)).RootElement;
        Assert.Contains("POST /api/v1/tokens/generate", root.GetProperty("endpoints").EnumerateArray().Select(e => e.GetString()));
        Assert.Contains("swagger", await stranger.GetStringAsync(new Uri("/swagger/index.html", UriKind.Relative), Cancellation), StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""{"name": 5}""")]
    [InlineData("""{"team_id": "TEAM"}""")]
    [InlineData("""{"team_id": "TEAM", "name": ""}""")]
    [InlineData("""{"team_id": "TEAM", "name": "n", "expires_in_days": -1}""")]
    [InlineData("""{"team_id": "TEAM", "name": "n", "expires_in_days": 999999999}""")]
    [InlineData("""{"team_id": "TEAM", "name": "n", "expires_in_days": 1e30}""")]
    [InlineData("""{"team_id": "TEAM", "name": "n", "port": 70000}""")]
    [InlineData("""{"team_id": "TEAM", "name": "n", "port": -1}""")]
    [InlineData("""{"team_id": "TEAM", "name": "n", "port": 1}""")]
    [InlineData("""{"team_id": "TEAM", "name": "n", "kind": "gopher"}""")]
    [InlineData("""{"team_id": "nobody", "name": "n"}""")]
    [InlineData("""{"team_id": "' OR 1=1 --", "name": "n"}""")]
    [InlineData("""{"team_id": "TEAM", "name": "LONG"}""")]
    [InlineData("""{"team_id": "LONG", "name": "n"}""")]
    [Trait("Property", "P14")]
    public async Task Generate_BadInput_IsAProblemThatSaysWhy(string body)
    {
        using HttpClient admin = Client(await AdminKeyAsync());
        body = body.Replace("TEAM", await TeamAsync(admin), StringComparison.Ordinal).Replace("LONG", new string('x', 5000), StringComparison.Ordinal);
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await admin.PostAsync(Api("tokens/generate"), content, Cancellation);
        Assert.InRange((int)response.StatusCode, 400, 499);
        await AssertProblemAsync(response, (int)response.StatusCode);
    }

    [Theory]
    [InlineData("GET", "/api/v1/teams/nobody/tokens", 404)]
    [InlineData("DELETE", "/api/v1/teams/nobody/tokens/nothing", 404)]
    [InlineData("GET", "/api/v1/restoration/1", 404)]
    [InlineData("GET", "/api/v1/restoration/abc", 404)]
    [InlineData("GET", "/api/v1/nothing", 404)]
    [InlineData("DELETE", "/api/v1/teams", 405)]
    public async Task Request_OfWhatIsNotThere_IsAProblem(string method, string route, int status)
    {
        using HttpClient admin = Client(await AdminKeyAsync());
        using var request = new HttpRequestMessage(new HttpMethod(method), route);
        using HttpResponseMessage response = await admin.SendAsync(request, Cancellation);
        await AssertProblemAsync(response, status);
    }

    [Fact]
    [Trait("Property", "P14")]
    public async Task Body_LargerThanTheLimit_IsRefused()
    {
        using HttpClient admin = Client(await AdminKeyAsync());
        using var content = new StringContent($$"""{"name": "{{new string('x', 100_000)}}"}""", Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await admin.PostAsync(Api("teams"), content, Cancellation);
        await AssertProblemAsync(response, 413);
    }

    [Theory]
    [InlineData("O'Brien; DROP TABLE teams; --")]
    [InlineData("\"><script>alert(1)</script>")]
    [InlineData("\u202etxet \u2764 \ud83d\udc07")]
    public async Task Create_AwkwardNames_ComeBackTheSame(string name)
    {
        using HttpClient admin = Client(await AdminKeyAsync());
        using HttpResponseMessage response = await admin.PostAsJsonAsync(Api("teams"), new { name = $"{name} {Guid.NewGuid():N}", description = name }, Cancellation);
        JsonElement made = await ReadAsync(response);
        if (response.StatusCode == HttpStatusCode.BadRequest)
        {
            Assert.False(made.GetProperty("success").GetBoolean());
            return;
        }
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        JsonElement teams = JsonDocument.Parse(await admin.GetStringAsync(Api("teams"), Cancellation)).RootElement.GetProperty("data");
        JsonElement team = teams.EnumerateArray().Single(t => t.GetProperty("team_id").GetString() == made.GetProperty("data").GetProperty("team_id").GetString());
        Assert.Equal(name, team.GetProperty("description").GetString());
        Assert.StartsWith(name, team.GetProperty("team_name").GetString(), StringComparison.Ordinal);
    }

    private static Uri Api(string route) => new($"/api/v1/{route}", UriKind.Relative);

    private static string[] Names(JsonElement element) => [.. element.EnumerateObject().Select(property => property.Name)];

    private HttpClient Client(string? authorization)
    {
        var client = new HttpClient { BaseAddress = running.Server.Api.Address };
        if (authorization is not null)
            client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", authorization);
        return client;
    }

    private async Task<string> AdminKeyAsync() =>
        $"Bearer {(await File.ReadAllTextAsync(Path.Combine(running.Installation.Data, "admin.key"), Cancellation)).Trim()}";

    private static async Task<string> TeamAsync(HttpClient admin) =>
        JsonDocument.Parse(await admin.GetStringAsync(Api("teams"), Cancellation)).RootElement.GetProperty("data")[0].GetProperty("team_id").GetString()!;

    /// <summary>Every route of the API's own description, so that a new one is asked too.</summary>
    private async Task<List<(HttpMethod Method, string Route)>> RoutesAsync()
    {
        using HttpClient stranger = Client(null);
        using JsonDocument description = JsonDocument.Parse(await stranger.GetStringAsync(new Uri("/swagger/v1/swagger.json", UriKind.Relative), Cancellation));
        return [.. description.RootElement.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject().Select(operation => (
            new HttpMethod(operation.Name.ToUpperInvariant()),
            path.Name.Replace("{port}", "10000", StringComparison.Ordinal).Replace("{teamId}", "x", StringComparison.Ordinal).Replace("{tokenId}", "y", StringComparison.Ordinal))))];
    }

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage response) =>
        JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancellation)).RootElement;

    /// <summary>RFC 9457, with what rabbit.go's callers read besides.</summary>
    private static async Task AssertProblemAsync(HttpResponseMessage response, int status)
    {
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        JsonElement problem = await ReadAsync(response);
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        Assert.False(problem.GetProperty("success").GetBoolean());
        Assert.NotEmpty(problem.GetProperty("error").GetString()!);
        Assert.NotEmpty(problem.GetProperty("trace_id").GetString()!);
        Assert.DoesNotContain("Exception", problem.ToString(), StringComparison.Ordinal);
    }
}
