using System.Text.Json;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Host.Commands.Api;

/// <summary>An operator's work by command line on a real server.</summary>
public sealed class ServerCommandsTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.PostgresAndRedis)]
    public async Task TeamAndToken_MadeByCommand_CarryAClient(Engine engine)
    {
        await using Installation installation = await Installation.CreateAsync(engine);
        RabbitProcess server = await installation.StartAsync();
        using ApiRun run = ApiRun.On(installation, server);
        JsonElement team = await JsonAsync(run, "team", "create", "platform \"x\" [red]", "--description", "a; b");
        Assert.Equal("platform \"x\" [red]", team.GetProperty("team_name").GetString());
        Assert.Contains("exists already", await run.FailAsync(1, "team", "create", "platform \"x\" [red]"), StringComparison.Ordinal);

        string file = run.FileNamed("token");
        JsonElement made = await JsonAsync(run, "token", "create", "reporting", "--team", "platform \"x\" [red]", "--kind", "postgres", "--token-file", file);
        Assert.False(made.TryGetProperty("token", out _) || made.TryGetProperty("connection_uri", out _));
        string secret = (await File.ReadAllTextAsync(file, Cancellation)).Trim();
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        int port = made.GetProperty("assigned_port").GetInt32();
        var token = new TestToken(made.GetProperty("token_id").GetString()!, team.GetProperty("team_id").GetString()!, secret, port);
        using NativePeer client = await NativePeer.LoginAsync(server.ControlPort, token);

        Assert.Equal("live", Assert.Single(
            (await JsonAsync(run, "session", "list")).EnumerateArray(), session => session.GetProperty("port").GetInt32() == port).GetProperty("state").GetString());
        Assert.Contains(token.Id, await run.SucceedAsync("team", "list", "--json"), StringComparison.Ordinal);
        Assert.Equal(2, (await JsonAsync(run, "stats")).GetProperty("active_teams").GetInt32());
        Assert.StartsWith("healthy: ", await run.SucceedAsync("health"), StringComparison.Ordinal);
        Assert.Equal("[]", await run.SucceedAsync("connection", "list", "--json"));
        Assert.Equal("[]", await run.SucceedAsync("restoration", "list", "--json"));
    }

    [Fact]
    public async Task Cluster_OfALoneServer_SaysThatItIsOne()
    {
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess server = await installation.StartAsync();
        using ApiRun run = ApiRun.On(installation, server);
        Assert.Contains("is a lone server", await run.SucceedAsync("cluster", "status"), StringComparison.Ordinal);
        Assert.False((await JsonAsync(run, "cluster", "status")).GetProperty("clustered").GetBoolean());
        Assert.Equal("[]", await run.SucceedAsync("cluster", "routes", "--json"));
        Assert.Contains("no live node b", await run.FailAsync(1, "cluster", "status", "--node", "b"), StringComparison.Ordinal);
        Assert.Contains("lone server", await run.FailAsync(1, "cluster", "drain", "--yes"), StringComparison.Ordinal);
        Assert.Contains("ask that one's API", await run.FailAsync(1, "cluster", "drain", "--yes", "--node", "b"), StringComparison.Ordinal);
        Assert.DoesNotContain("cluster.drain", await run.SucceedAsync("audit", "list"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TokenCreate_FileExists_MakesNoToken()
    {
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess server = await installation.StartAsync();
        using ApiRun run = ApiRun.On(installation, server);
        string before = await run.SucceedAsync("stats");
        Assert.Contains("already exists", await run.FailAsync(1, "token", "create", "x", "--team", "default", "--token-file", run.KeyFile), StringComparison.Ordinal);
        Assert.Contains("there is no team", await run.FailAsync(1, "token", "create", "x", "--team", "nobody", "--token-file", run.FileNamed("new")), StringComparison.OrdinalIgnoreCase);
        Assert.False(File.Exists(run.FileNamed("new")));
        Assert.Equal(before, await run.SucceedAsync("stats"));
    }

    [Fact]
    public async Task TokenCreate_Printed_IsTheCommandThatConnects()
    {
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess server = await installation.StartAsync();
        using ApiRun run = ApiRun.On(installation, server);
        string printed = await run.SucceedAsync("token", "create", "it's", "--team", "default", "--kind", "redis");
        string command = printed.Split('\n')[^1];
        Assert.EndsWith("' --local-port 6379", command, StringComparison.Ordinal);

        await using RunningProcess client = RunningProcess.Start("tunnel-client", "/bin/bash", ["-c", $"exec env {command}"]);
        int port = (await JsonAsync(run, "team", "show", "default")).GetProperty("tokens").EnumerateArray().Max(token => token.GetProperty("port").GetInt32());
        await server.Api.WaitForStateAsync(port, "live", TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task Token_WholeLife_ByCommand()
    {
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess server = await installation.StartAsync();
        using ApiRun run = ApiRun.On(installation, server);
        string id = (await JsonAsync(run, "token", "create", "a", "--team", "default", "--max-visitors", "3", "--visitor-network", "10.0.0.0/8", "--visitor-network", "127.0.0.0/8"))
            .GetProperty("token_id").GetString()!;
        JsonElement changed = await JsonAsync(run, "token", "change", id, "--name", "b", "--max-visitors", "0", "--visitor-network", "any", "--hold-seconds", "5");
        Assert.Equal(("b", 0, 0, 5), (
            changed.GetProperty("name").GetString(), changed.GetProperty("max_visitors").GetInt32(), changed.GetProperty("visitor_networks").GetArrayLength(),
            changed.GetProperty("hold_seconds").GetInt32()));
        Assert.Contains("works until", await run.SucceedAsync("token", "rotate", id, "--overlap-seconds", "60"), StringComparison.Ordinal);
        Assert.Contains("works no more", await run.SucceedAsync("token", "rotate", id, "--overlap-seconds", "0"), StringComparison.Ordinal);
        Assert.Equal("revoked", (await JsonAsync(run, "token", "revoke", id, "--yes")).GetProperty("state").GetString());
        Assert.Contains(id, await run.SucceedAsync("token", "list", "--state", "revoked"), StringComparison.Ordinal);
        await run.SucceedAsync("token", "delete", id, "--yes");
        await run.FailAsync(1, "token", "show", id);
        Assert.Contains("resting", await run.SucceedAsync("port", "list"), StringComparison.Ordinal);
        string audit = await run.SucceedAsync("audit", "list", "--subject", id);
        Assert.Equal(7, audit.Split('\n').Length);
    }

    [Fact]
    public async Task KeysSettingsAndTeams_ByCommand_Change()
    {
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess server = await installation.StartAsync();
        using ApiRun run = ApiRun.On(installation, server);
        JsonElement key = await JsonAsync(run, "key", "create", "reader", "--role", "read_only");
        using (var reader = new ApiRun(server.Api.Address.AbsoluteUri, key.GetProperty("key").GetString()!))
        {
            await reader.SucceedAsync("team", "list");
            await reader.FailAsync(1, "team", "create", "x");
        }
        await run.SucceedAsync("key", "revoke", key.GetProperty("key_id").GetString()!, "--yes");
        Assert.Contains("reader", await run.SucceedAsync("key", "list"), StringComparison.Ordinal);
        Assert.Equal(40, (await JsonAsync(run, "setting", "set", "--connection-log-days", "40")).GetProperty("connection_log_days").GetInt32());
        Assert.Contains("40 days", await run.SucceedAsync("setting", "list"), StringComparison.Ordinal);
        await run.SucceedAsync("team", "change", "default", "--name", "renamed");
        await run.SucceedAsync("team", "delete", "renamed", "--yes");
        Assert.Equal("[]", await run.SucceedAsync("team", "list", "--json"));
        Assert.Equal("sqlite", (await JsonAsync(run, "version")).GetProperty("database").GetString());
        Assert.Equal("[]", await run.SucceedAsync("stats", "daily", "--json"));
        Assert.StartsWith("id", await run.SucceedAsync("connection", "export"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_WhileSomethingHappens_TellAndEndBySignalWithZero()
    {
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess server = await installation.StartAsync();
        using ApiRun run = ApiRun.On(installation, server);
        await using RunningProcess events = RunningProcess.Start(
            "rabbit events", Programs.Rabbit, ["events", "--api", server.Api.Address.AbsoluteUri, "--key-file", run.KeyFile]);
        // There is no signal that the stream is open: something happens until it is told.
        await Eventually.BecomesAsync(
            async () =>
            {
                await run.SucceedAsync("team", "create", $"{Guid.NewGuid():N}");
                return events.Lines;
            },
            lines => lines.Any(line => line.Contains("team.created", StringComparison.Ordinal)), TimeSpan.FromSeconds(20), "an event is told");
        // Not an interrupt: where the tests run in the background, programs that they start ignore that.
        events.Send(Signal.Term);
        Assert.Equal(0, await events.WaitForExitAsync(TimeSpan.FromSeconds(10)));
        Assert.Empty(events.ErrorLines);
    }

    private static async Task<JsonElement> JsonAsync(ApiRun run, params string[] arguments)
    {
        using JsonDocument document = JsonDocument.Parse(await run.SucceedAsync([.. arguments, "--json"]));
        return document.RootElement.Clone();
    }
}
