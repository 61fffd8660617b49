using System.Net;
using System.Text.Json;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Host.Api;

[Collection<SharedApiServers>]
public sealed class AuthenticationTests(ApiServers servers)
{
    private static readonly string[] Open = ["GET /", "GET /api/v1/health", "GET /api/v1/health/live"];

    private ApiServer Server => servers[Engine.Sqlite];

    [Fact]
    [Trait("Property", "P03")]
    public async Task EveryRoute_WithoutOrWithWrongKey_Answers401AndDoesNothing()
    {
        TestToken token = await Server.Server.Api.CreateTokenAsync();
        string unknown = new('a', Server.Key.Length);
        string wrongSecret = Server.Key[..^1] + (Server.Key[^1] == 'a' ? 'b' : 'a');
        string?[] authorizations =
        [
            null, "", "Bearer", "Bearer ", $"Bearer {unknown}", $"Bearer {wrongSecret}", $"Bearer {Server.Key}x", $"Basic {Server.Key}",
            Server.Key, $"Bearer {token.Text}",
        ];
        List<(HttpMethod Method, string Path)> routes = await ListRoutesAsync();
        Assert.Contains((HttpMethod.Post, "/api/v1/tokens/generate"), routes);
        Assert.Contains((HttpMethod.Delete, "/api/v1/teams/{teamId}/tokens/{tokenId}"), routes);
        int teams = await CountTeamsAsync();
        int mark = Server.Server.Process.Mark;

        foreach (var (method, template) in routes.Where(route => !Open.Contains($"{route.Method} {route.Path}")))
        {
            string path = template.Replace("{teamId}", token.TeamId, StringComparison.Ordinal)
                .Replace("{tokenId}", token.Id, StringComparison.Ordinal).Replace("{port}", $"{token.Port}", StringComparison.Ordinal)
                .Replace("{sessionId}", $"{Guid.NewGuid()}", StringComparison.Ordinal).Replace("{keyId}", Server.Key.Split('_')[1], StringComparison.Ordinal);
            string body = JsonSerializer.Serialize(new { name = $"nobody's {Guid.NewGuid():N}", team_id = token.TeamId });
            foreach (string? authorization in authorizations)
            {
                using StringContent? content = method == HttpMethod.Post || method == HttpMethod.Patch ? ApiServer.Json(body) : null;
                ApiAnswer answer = await Server.SendAsync(method, path, authorization, content);
                answer.AssertProblem(HttpStatusCode.Unauthorized);
            }
        }

        Assert.Equal(teams, await CountTeamsAsync());
        JsonElement tokens = (await Server.Server.Api.GetAsync($"teams/{token.TeamId}/tokens")).GetProperty("data");
        Assert.Contains(tokens.EnumerateArray(), one => one.GetProperty("token_id").GetString() == token.Id);
        Assert.DoesNotContain(tokens.EnumerateArray(), one => one.GetProperty("name").GetString()!.StartsWith("nobody's", StringComparison.Ordinal));
        // Nobody fills the log by asking.
        Assert.Equal(mark, Server.Server.Process.Mark);
    }

    [Fact]
    [Trait("Property", "P03")]
    public async Task OpenRoutes_WithoutKey_Answer()
    {
        List<(HttpMethod Method, string Path)> routes = await ListRoutesAsync();
        foreach (string open in Open)
        {
            Assert.Contains(routes, route => $"{route.Method} {route.Path}" == open);
            ApiAnswer answer = await Server.SendAsync(HttpMethod.Get, open["GET ".Length..], authorization: null);
            Assert.Equal(HttpStatusCode.OK, answer.Status);
        }
    }

    [Fact]
    [Trait("Property", "P03")]
    public async Task Description_ListsEveryRouteThatTheServerHas()
    {
        List<(HttpMethod Method, string Path)> described = await ListRoutesAsync();
        ApiAnswer root = await Server.SendAsync(HttpMethod.Get, "/", authorization: null);
        string[] served = [.. root.Json.GetProperty("endpoints").EnumerateArray().Select(line => line.GetString()!.Replace(":int", "", StringComparison.Ordinal)).Append("GET /").Order(StringComparer.Ordinal)];
        Assert.Equal(served, described.Select(route => $"{route.Method} {route.Path}").Order(StringComparer.Ordinal));
    }

    [Fact]
    [Trait("Property", "P03")]
    public async Task Answer_ToAForeignPage_AllowsNoOrigin()
    {
        using var http = new HttpClient { BaseAddress = Server.Server.Api.Address };
        using var preflight = new HttpRequestMessage(HttpMethod.Options, new Uri("/api/v1/teams", UriKind.Relative));
        preflight.Headers.Add("Origin", "https://example.com");
        preflight.Headers.Add("Access-Control-Request-Method", "POST");
        using HttpResponseMessage response = await http.SendAsync(preflight, TestContext.Current.CancellationToken);
        Assert.False(response.IsSuccessStatusCode);
        Assert.DoesNotContain(response.Headers, header => header.Key.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase));
    }

    private async Task<int> CountTeamsAsync() => (await Server.Server.Api.GetAsync("teams")).GetProperty("data").GetArrayLength();

    private async Task<List<(HttpMethod Method, string Path)>> ListRoutesAsync()
    {
        ApiAnswer description = await Server.SendAsync(HttpMethod.Get, "/swagger/v1/swagger.json", authorization: null);
        Assert.Equal(HttpStatusCode.OK, description.Status);
        return [.. description.Json.GetProperty("paths").EnumerateObject().SelectMany(
            path => path.Value.EnumerateObject().Select(operation => (HttpMethod.Parse(operation.Name), path.Name)))];
    }
}
