using System.Net;
using System.Text.Json;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Host.Api;

/// <summary>Every route of the API's description, by every kind of key.</summary>
public sealed class AuthorizationTests
{
    // Who may use a route: everybody, any key, keys that see the whole server, those that may change things, or admins.
    private static readonly KeyKind[] Everybody = Enum.GetValues<KeyKind>();
    private static readonly KeyKind[] AnyKey = [KeyKind.ReadOnly, KeyKind.OwnTeam, KeyKind.OtherTeam, KeyKind.Admin];
    private static readonly KeyKind[] WholeServer = [KeyKind.ReadOnly, KeyKind.Admin];
    private static readonly KeyKind[] Managers = [KeyKind.OwnTeam, KeyKind.OtherTeam, KeyKind.Admin];
    private static readonly KeyKind[] Admins = [KeyKind.Admin];

    // A route that is not here fails the test.
    private static readonly Dictionary<string, Route> Routes = new()
    {
        ["ListEndpoints"] = new(Everybody),
        ["GetHealth"] = new(Everybody),
        ["GetLiveness"] = new(Everybody),
        ["GetReadiness"] = new(AnyKey),
        ["GetVersion"] = new(AnyKey),
        ["GetStats"] = new(AnyKey),
        ["GetDailyStats"] = new(AnyKey),
        ["ListTeams"] = new(AnyKey),
        ["CreateTeam"] = new(Admins, Body: _ => new { name = $"{Guid.NewGuid()}" }),
        ["GetTeam"] = new(AnyKey, IsOfTeam: true),
        ["ChangeTeam"] = new(Admins, Body: _ => new { description = $"{Guid.NewGuid()}" }),
        ["DeleteTeam"] = new(Admins),
        ["ListTeamTokens"] = new(AnyKey, IsOfTeam: true),
        ["DeleteTeamToken"] = new(Managers, IsOfTeam: true, Destroys: "tokenId"),
        ["GenerateToken"] = new(Managers, IsOfTeam: true, Body: world => new { team_id = world.Id("teamId"), name = "token" }),
        ["ListTokens"] = new(AnyKey),
        ["GetToken"] = new(AnyKey, IsOfTeam: true),
        ["ChangeToken"] = new(Managers, IsOfTeam: true, Body: _ => new { description = $"{Guid.NewGuid()}" }),
        ["RotateToken"] = new(Managers, IsOfTeam: true, Body: _ => new { overlap_seconds = 60 }),
        ["RevokeToken"] = new(Managers, IsOfTeam: true, Destroys: "tokenId"),
        ["DeleteToken"] = new(Managers, IsOfTeam: true, Destroys: "tokenId"),
        ["ListTokenSessions"] = new(AnyKey, IsOfTeam: true),
        ["ListPorts"] = new(AnyKey),
        ["GetPort"] = new(AnyKey, IsOfTeam: true),
        ["ListSessions"] = new(AnyKey),
        ["GetSession"] = new(AnyKey, IsOfTeam: true),
        ["CloseSession"] = new(Managers, IsOfTeam: true, Destroys: "sessionId", Body: _ => new { reason = "test" }),
        ["ListConnections"] = new(AnyKey),
        ["ExportConnections"] = new(AnyKey),
        ["ListRestored"] = new(AnyKey),
        ["GetRestored"] = new(AnyKey, IsOfTeam: true),
        ["GetCluster"] = new(WholeServer),
        ["ListRoutes"] = new(WholeServer),
        ["DrainNode"] = new(Admins, Body: _ => new { }, Answer: 409), // A lone server has nobody to send its clients to.
        ["GetSettings"] = new(WholeServer),
        ["ChangeSettings"] = new(Admins, Body: _ => new { session_days = 80 }),
        ["ListKeys"] = new(WholeServer),
        ["CreateKey"] = new(Admins, Body: _ => new { name = "key", role = "read_only" }),
        ["RevokeKey"] = new(Admins, Destroys: "keyId"),
        ["ListAudit"] = new(WholeServer),
        ["ReadEvents"] = new(AnyKey),
    };

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.PostgresAndRedis)]
    [Trait("Property", "P03")]
    [Trait("Property", "P16")]
    public async Task EveryRoute_ByEveryKindOfKey_AnswersAsExpected(Engine engine)
    {
        await using AuthorizationWorld world = await AuthorizationWorld.StartAsync(engine);
        var (_, description) = await world.SendAsync(HttpMethod.Get, "/swagger/v1/swagger.json", KeyKind.None, null);
        var wrong = new List<string>();
        var seen = new HashSet<string>();
        foreach (JsonProperty path in JsonDocument.Parse(description).RootElement.GetProperty("paths").EnumerateObject())
        {
            foreach (JsonProperty operation in path.Value.EnumerateObject())
            {
                string name = operation.Value.GetProperty("operationId").GetString()!;
                Assert.True(Routes.TryGetValue(name, out Route? route), $"{name} has no entry: say who may use it.");
                seen.Add(name);
                // Who may not first: what they destroyed, the others would not find.
                foreach (KeyKind kind in Everybody.OrderBy(kind => route.Expect(kind) < 400))
                {
                    string template = name == "DeleteTeam"
                        ? path.Name.Replace("{teamId}", await world.CreateTeamAsync(), StringComparison.Ordinal)
                        : path.Name;
                    var (status, body) = await world.SendAsync(
                        HttpMethod.Parse(operation.Name), world.PathOf(template), kind, route.Body?.Invoke(world));
                    if (!route.IsExpected(kind, status))
                        wrong.Add($"{name} by {kind}: {(int)status}, not {route.Expect(kind)}: {body}");
                    if (kind == KeyKind.OtherTeam && body.Contains(world.Id("teamId"), StringComparison.Ordinal))
                        wrong.Add($"{name} tells {kind} of the other team: {body}");
                    if (route.Destroys is { } destroyed && status is HttpStatusCode.OK)
                        await world.RenewAsync(destroyed);
                }
            }
        }
        Assert.Equal(Routes.Keys.Order(StringComparer.Ordinal), seen.Order(StringComparer.Ordinal));
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    /// <summary>Who may use a route.</summary>
    /// <param name="Allowed">The kinds of keys.</param>
    /// <param name="IsOfTeam">True when it is about something of the first team, which is not there for the other.</param>
    /// <param name="Destroys">What is gone after it was used.</param>
    /// <param name="Body">What to send.</param>
    /// <param name="Answer">What those get who may.</param>
    private sealed record Route(
        KeyKind[] Allowed, bool IsOfTeam = false, string? Destroys = null, Func<AuthorizationWorld, object>? Body = null, int Answer = 200)
    {
        public int Expect(KeyKind kind) => Allowed.Contains(kind) ? kind == KeyKind.OtherTeam && IsOfTeam ? 404 : Answer
            : kind is KeyKind.None or KeyKind.Wrong or KeyKind.Expired ? 401 : 403;

        public bool IsExpected(KeyKind kind, HttpStatusCode status) =>
            Expect(kind) == (int)status || (Expect(kind) == 200 && status == HttpStatusCode.Created);
    }
}
