using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Rabbit.Persistence.Model;
using Rabbit.Protocol.Credentials;
using Rabbit.Tests.Host.Commands;
using Rabbit.Tests.Persistence;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd.Import;

/// <summary><c>rabbit database import</c>, from the database of rabbit.go to its client that goes on with its old token and port.</summary>
public sealed class RabbitGoImportTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(RabbitGoShape.First, Engine.Sqlite)]
    [InlineData(RabbitGoShape.Application, Engine.PostgresAndRedis)]
    [InlineData(RabbitGoShape.Standalone, Engine.Sqlite)]
    public async Task Import_OldClient_KeepsItsTokenAndPort(RabbitGoShape shape, Engine engine)
    {
        RabbitGoServer old = await RabbitGoServer.CreateAsync(shape);
        await using Installation installation = await Installation.CreateAsync(engine);
        int first = installation.FirstTunnelPort;
        string team = await old.AddTeamAsync("analytics"), deleted = await old.AddTeamAsync("former", isActive: false);
        string works = RabbitGoServer.NewTokenText(), ends = RabbitGoServer.NewTokenText(), over = RabbitGoServer.NewTokenText();
        DateTimeOffset end = TimeProvider.System.GetUtcNow().AddDays(30);
        string worksId = await old.AddTokenAsync(team, works, "works", first + 3);
        // Of another protocol, and none of a tunnel's.
        await old.AddPortAsync(team, worksId, first + 3, isReserved: false, "udp");
        await old.AddTokenAsync(team, ends, "ends", first + 4, end);
        await old.AddTokenAsync(team, over, "over", first + 5, end.AddDays(-60));
        await old.AddTokenAsync(team, RabbitGoServer.NewTokenText(), "revoked", first + 6, isActive: false);
        await old.AddTokenAsync(team, "db-production", "guessable", first + 7);
        await old.AddTokenAsync(team, RabbitGoServer.NewTokenText(), "portless", null);
        await old.AddTokenAsync(deleted, RabbitGoServer.NewTokenText(), "of a deleted team", first + 8);
        await old.AddTokenAsync("nobody", RabbitGoServer.NewTokenText(), "of no team", first + 9);
        if (shape == RabbitGoShape.Standalone)
            await old.AddPortAsync(team, worksId, first + 4, isReserved: false); // Given back long ago.

        await CommandRun.DatabaseAsync(installation, "migrate");
        (string, string)[] expected =
        [
            ("ends", "taken"), ("guessable", "left"), ("of a deleted team", "left"), ("of no team", "left"), ("over", "taken"), ("portless", "left"), ("revoked", "left"),
            ("works", "taken"),
        ];
        JsonElement plan = await ImportAsync(installation, old, "--dry-run");
        Assert.Equal(expected, Outcomes(plan));
        Assert.Empty((await ListTeamsAsync(installation)).EnumerateArray());
        JsonElement report = await ImportAsync(installation, old);
        Assert.Equal(expected, Outcomes(report));
        Assert.Equal("analytics", Assert.Single(report.GetProperty("teams").EnumerateArray()).GetString());
        Assert.All(
            report.GetProperty("tokens").EnumerateArray(),
            token => Assert.Equal(token.GetProperty("outcome").GetString() == "left", token.GetProperty("reason").GetString() is { Length: > 0 }));
        JsonElement again = await ImportAsync(installation, old);
        Assert.Equal(expected.Select(one => (one.Item1, one.Item2 == "taken" ? "present" : "left")), Outcomes(again));
        Assert.Empty(again.GetProperty("teams").EnumerateArray());

        await using (RabbitDbContext database = installation.OpenDatabase())
        {
            string dump = await DatabaseDump.TakeAsync(database);
            Assert.All(new[] { works, ends, over }, text => Assert.DoesNotContain(text, dump, StringComparison.OrdinalIgnoreCase));
        }
        RabbitProcess server = await installation.StartAsync();
        // A database that has a team gets no first one beside it.
        Assert.Equal("analytics", Assert.Single((await server.Api.GetAsync("teams")).GetProperty("data").EnumerateArray()).GetProperty("team_name").GetString());
        await ServeAsync(installation, works, first + 3);
        await ServeAsync(installation, ends, first + 4);
        Assert.StartsWith("ERROR:The token has expired", await LegacyPeer.AskAsync(installation.ControlPort, $"{over}\n3000\n"), StringComparison.Ordinal);
        Assert.StartsWith("ERROR:The token is not valid", await LegacyPeer.AskAsync(installation.ControlPort, "db-production\n3000\n"), StringComparison.Ordinal);
        JsonElement ending = (await server.Api.GetAsync($"tokens/{ForeignTokenText.IdOf(ends)}")).GetProperty("data");
        Assert.Equal(end.ToUnixTimeSeconds(), DateTimeOffset.Parse(ending.GetProperty("expires_at").GetString()!, CultureInfo.InvariantCulture).ToUnixTimeSeconds());
    }

    [Fact]
    public async Task Token_OfRabbitGo_IsGoodForTheNewClientToo_AndCanBeRotatedWithoutLosingItsPort()
    {
        RabbitGoServer old = await RabbitGoServer.CreateAsync(RabbitGoShape.Standalone);
        await using Installation installation = await Installation.CreateAsync();
        int port = installation.FirstTunnelPort + 2;
        string text = RabbitGoServer.NewTokenText(), id = ForeignTokenText.IdOf(text);
        await old.AddTokenAsync(await old.AddTeamAsync("analytics"), text, "reporting", port);
        await CommandRun.DatabaseAsync(installation, "migrate");
        await ImportAsync(installation, old);
        RabbitProcess server = await installation.StartAsync();
        await using LocalService service = LocalService.Echo();
        await using (TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(server, new TestToken(id, "", text, port), service.Port))
        {
            await AssertEchoesAsync(port);
            Assert.DoesNotContain(client.Process.Lines, line => line.Contains(text, StringComparison.Ordinal));
        }

        string rotated = (await server.Api.SendAsync(HttpMethod.Post, $"tokens/{id}/rotate", new { overlap_seconds = 3600 })).GetProperty("data").GetProperty("token").GetString()!;
        Assert.True(TokenText.TryParse(rotated, out TokenText renewed));
        Secrets.Remember(renewed);
        await ServeAsync(installation, text, port);
        await using TunnelClientProcess other = await TunnelClientProcess.ConnectAsync(server, new TestToken(id, "", rotated, port), service.Port);
        await AssertEchoesAsync(port);
    }

    [Fact]
    public async Task Import_WhatWasDeletedOrTakenHere_StaysSo()
    {
        RabbitGoServer old = await RabbitGoServer.CreateAsync(RabbitGoShape.First);
        await using Installation installation = await Installation.CreateAsync();
        string team = await old.AddTeamAsync("analytics"), text = RabbitGoServer.NewTokenText();
        int port = installation.FirstTunnelPort;
        await old.AddTokenAsync(team, text, "deleted here", port + 1);
        RabbitProcess server = await installation.StartAsync(); // Its first token takes the first port.
        await old.AddTokenAsync(team, RabbitGoServer.NewTokenText(), "too late", port);
        await old.AddTokenAsync(team, RabbitGoServer.NewTokenText(), "outside", 9);
        JsonElement report = await ImportAsync(installation, old);
        Assert.Equal([("deleted here", "taken"), ("outside", "taken"), ("too late", "left")], Outcomes(report));
        Assert.Equal(1, report.GetProperty("ports_outside").GetInt32());
        await server.Api.DeleteTokenAsync(new TestToken(ForeignTokenText.IdOf(text), team, text, port + 1));
        JsonElement again = await ImportAsync(installation, old);
        Assert.Equal([("deleted here", "left"), ("outside", "present"), ("too late", "left")], Outcomes(again));
    }

    [Fact]
    public async Task Source_ThatIsNoneOfRabbitGo_IsToldApart()
    {
        await using Installation installation = await Installation.CreateAsync(Engine.PostgresAndRedis);
        await CommandRun.DatabaseAsync(installation, "migrate");
        string empty = await TestServers.CreateDatabaseAsync(TestServers.Postgres, TestContext.Current.CancellationToken);
        Assert.Contains("holds no tables of rabbit.go", await CommandRun.FailDatabaseAsync(installation, "import", "--from", empty), StringComparison.Ordinal);
        Assert.Contains("is one of Rabbit itself", await CommandRun.FailDatabaseAsync(installation, "import", "--from", installation.Database!), StringComparison.Ordinal);
        string gone = empty.Replace("Database=e2e_", "Database=gone_", StringComparison.Ordinal);
        Assert.Contains("correct --from", await CommandRun.FailDatabaseAsync(installation, "import", "--from", gone), StringComparison.Ordinal);
    }

    private static async Task<JsonElement> ImportAsync(Installation installation, RabbitGoServer old, params string[] more)
    {
        string answer = await CommandRun.DatabaseAsync(installation, ["import", "--from", old.ConnectionString, "--json", .. more]);
        return JsonDocument.Parse(answer).RootElement;
    }

    private static async Task<JsonElement> ListTeamsAsync(Installation installation) =>
        JsonDocument.Parse(await CommandRun.DatabaseAsync(installation, "list-teams", "--json")).RootElement;

    private static IEnumerable<(string, string)> Outcomes(JsonElement report) => report.GetProperty("tokens").EnumerateArray()
        .Select(token => (token.GetProperty("name").GetString()!, token.GetProperty("outcome").GetString()!)).Order();

    private static async Task ServeAsync(Installation installation, string text, int port)
    {
        await using LegacyPeer peer = await LegacyPeer.LoginAsync(installation.ControlPort, new TestToken("", "", text, port), localPort: 3000);
        Assert.Equal(port, peer.TunnelPort);
        peer.ServeEcho(installation.ControlPort);
        await AssertEchoesAsync(port);
    }

    private static async Task AssertEchoesAsync(int port)
    {
        using Socket visitor = await SocketConversation.ConnectAsync(port);
        await visitor.SendAllAsync("hello");
        Assert.Equal("hello", Encoding.ASCII.GetString(await visitor.ReadExactlyAsync(5, Soon)));
    }
}
