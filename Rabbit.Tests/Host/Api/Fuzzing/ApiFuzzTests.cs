using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Host.Api.Fuzzing;

/// <summary>
/// Requests made up from the API's description, by every kind of key: never a 5xx, never an answer that the description does not
/// tell of, never a row of another team. RABBIT_TEST_FUZZ_REQUESTS says how many.
/// </summary>
public sealed class ApiFuzzTests
{
    private static readonly int Requests = int.Parse(Environment.GetEnvironmentVariable("RABBIT_TEST_FUZZ_REQUESTS") ?? "2000", CultureInfo.InvariantCulture);

    private const int LongestBody = 64 * 1024;

    // What the router and the web server say of a path or a header that is broken or too long, before any route is found.
    private static readonly HttpStatusCode[] OfNoRoute = [HttpStatusCode.BadRequest, HttpStatusCode.NotFound, HttpStatusCode.MethodNotAllowed, HttpStatusCode.RequestUriTooLong];

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.PostgresAndRedis)]
    [Trait("Property", "P14")]
    [Trait("Property", "P15")]
    public async Task AnyRequest_ByAnyKey_IsAnsweredAsDescribed(Engine engine)
    {
        int seed = Seed.Choose();
        await using ApiServer server = await ApiServer.StartAsync(engine);
        (string Id, string Key, string[] Marks) first = await MakeTeamAsync(server), second = await MakeTeamAsync(server);
        (string? Key, string[] Forbidden)[] callers =
        [
            (null, [.. first.Marks, .. second.Marks]), (server.Key[..^1] + "!", [.. first.Marks, .. second.Marks]),
            (await MakeKeyAsync(server, "read_only", null), []), (server.Key, []), (first.Key, second.Marks), (second.Key, first.Marks),
        ];
        var document = new ApiDocument((await server.SendAsync(HttpMethod.Get, "/swagger/v1/swagger.json", authorization: null)).Json);
        var maker = new RequestMaker(document, new Random(seed), new Dictionary<string, IReadOnlyList<string>>
        {
            ["teamId"] = [first.Id, second.Id],
            ["tokenId"] = [first.Marks[0], second.Marks[0], "zzzzzzzzzzzz"],
            ["sessionId"] = [Guid.NewGuid().ToString()],
            ["keyId"] = ["zzzzzzzzzzzz"],
            ["port"] = [$"{server.Installation.FirstTunnelPort}", $"{server.Installation.FirstTunnelPort + 1}", "1", "70000"],
        });
        var statuses = new SortedDictionary<int, int>();
        using var http = new HttpClient { BaseAddress = server.Server.Api.Address };
        for (int i = 0; i < Requests; i++)
        {
            FuzzedRequest request = maker.Next();
            var (key, forbidden) = callers[i % callers.Length];
            ApiAnswer answer;
            try
            {
                answer = await SendAsync(http, request, key);
            }
            catch (HttpRequestException) when (request.Body?.Length > LongestBody)
            {
                continue; // The server refuses to read all of it, and closing may overtake the answer.
            }
            catch (HttpRequestException e)
            {
                Assert.Fail($"RABBIT_TEST_SEED={seed}, request {i}: {request.Operation.Method} {request.Target} {request.Body}\n{e}");
                throw;
            }
            string problem = string.Join("; ", Find(document, request, answer, forbidden));
            Assert.True(
                problem.Length == 0,
                $"RABBIT_TEST_SEED={seed}, request {i}: {request.Operation.Method} {request.Target} {request.Body}\n{(int)answer.Status} {answer.Body}\n{problem}");
            statuses[(int)answer.Status] = statuses.GetValueOrDefault((int)answer.Status) + 1;
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{engine}, seed {seed}: {string.Join(", ", statuses.Select(status => $"{status.Key}: {status.Value}"))}");
        // It was not all refused at the door.
        Assert.True(statuses[200] > Requests / 10 && statuses[404] > 0 && statuses[400] > 0 && statuses[403] > 0 && statuses[401] > 0);
    }

    private static IEnumerable<string> Find(ApiDocument document, FuzzedRequest request, ApiAnswer answer, string[] forbidden)
    {
        if ((int)answer.Status >= 500)
            yield return "a 5xx";
        foreach (string mark in forbidden.Where(mark => answer.Body.Contains(mark, StringComparison.Ordinal)))
            yield return $"tells of another team: {mark}";
        if (request.IsAstray)
            yield break;
        if (!request.Operation.Responses.TryGetValue((int)answer.Status, out JsonElement response))
        {
            if (!OfNoRoute.Contains(answer.Status))
                yield return "an answer that is not described";
            yield break;
        }
        // Kestrel itself has no body for what is no HTTP.
        if (answer.MediaType is null && OfNoRoute.Contains(answer.Status))
            yield break;
        if (!response.TryGetProperty("content", out JsonElement content) || !content.TryGetProperty(answer.MediaType ?? "", out JsonElement described))
        {
            yield return $"{answer.MediaType} is not described";
            yield break;
        }
        if (answer.MediaType == "text/csv")
            yield break;
        foreach (string wrong in SchemaCheck.Find(document, described.GetProperty("schema"), answer.Json))
            yield return wrong;
        if ((int)answer.Status >= 400)
            answer.AssertProblem(answer.Status);
    }

    private static async Task<ApiAnswer> SendAsync(HttpClient http, FuzzedRequest made, string? key)
    {
        var target = new Uri($"{http.BaseAddress!.GetLeftPart(UriPartial.Authority)}{made.Target}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        using var request = new HttpRequestMessage(made.Operation.Method, target);
        if (made.Body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(made.Body));
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(made.ContentType);
        }
        // Answered before it was read, such a request is the last on its connection.
        request.Headers.ConnectionClose = made.Body?.Length > LongestBody;
        if (key is not null)
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {key}");
        using HttpResponseMessage response = await http.SendAsync(request, TestContext.Current.CancellationToken);
        return new ApiAnswer(
            response.StatusCode, response.Content.Headers.ContentType?.MediaType,
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    // The marks are what no other team may read: the token's id and name, the team's id and name.
    private static async Task<(string Id, string Key, string[] Marks)> MakeTeamAsync(ApiServer server)
    {
        string name = $"marked {Guid.NewGuid():N}";
        JsonElement team = (await server.PostAsync("/api/v1/teams", JsonSerializer.Serialize(new { name, description = name }))).Json.GetProperty("data");
        string id = team.GetProperty("team_id").GetString()!;
        JsonElement token = (await server.PostAsync(
            "/api/v1/tokens/generate", JsonSerializer.Serialize(new { team_id = id, name, description = name }))).Json.GetProperty("data");
        return (id, await MakeKeyAsync(server, "team", id), [token.GetProperty("token_id").GetString()!, id, name]);
    }

    private static async Task<string> MakeKeyAsync(ApiServer server, string role, string? team) => (await server.PostAsync(
        "/api/v1/keys", JsonSerializer.Serialize(new { name = role, role, team_id = team }))).Json.GetProperty("data").GetProperty("key").GetString()!;
}
