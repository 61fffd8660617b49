using System.Text.Json;
using Rabbit.Tests.Host.Commands.Api;
using Rabbit.Tests.Host.Dashboard;
using Rabbit.Tests.Support;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Rabbit.Tests.EndToEnd;

/// <summary>Real services that stop and start again behind real tunnels: who asks the server is told which part does not work.</summary>
public sealed class ServiceHealthTests(Browser browser)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    [Fact]
    [Trait("Property", "P43")]
    public async Task Service_StoppedAndStartedAgain_IsSeenEverywhereWithinAnInterval()
    {
        await using PrivateServer redis = PrivateServer.MakeRedis();
        await redis.StartAsync();
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess server = await installation.StartAsync();
        TestToken token = await CreateTokenAsync(server, "redis");
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(server, token, redis.Port, "--health-interval", "1");
        using ApiRun run = ApiRun.On(installation, server);
        await using DashboardWindow window = await DashboardWindow.SignInAsync(browser, server);
        await WaitForHealthAsync(server, token, "ok");
        await window.GoAsync("Tunnels");
        await Expect(window.Row($"{token.Port}")).ToContainTextAsync("live");

        await redis.Kill9Async();
        // Two failures, a second apart, after at most a second; the rest is the machine's. Asked every 30 s it would take longer.
        JsonElement down = await WaitForHealthAsync(server, token, "service_down");
        Assert.Equal("live", down.GetProperty("state").GetString());
        Assert.Equal($"127.0.0.1:{redis.Port} refuses the connection", down.GetProperty("health_reason").GetString());
        await Expect(window.Row($"{token.Port}")).ToContainTextAsync("service down");
        await window.Page.GotoAsync($"/dashboard/tunnels/{token.Id}");
        await Expect(window.Page.GetByRole(Microsoft.Playwright.AriaRole.Alert)).ToContainTextAsync("refuses the connection");
        Assert.Contains("service_down", await run.SucceedAsync("session", "list", "--health", "service_down"), StringComparison.Ordinal);
        Assert.Contains("service_down", await run.SucceedAsync("port", "list"), StringComparison.Ordinal);
        Assert.Contains("refuses the connection", await run.SucceedAsync("session", "show", down.GetProperty("session_id").GetString()!), StringComparison.Ordinal);
        MetricsPage page = await MetricsPage.ScrapeAsync(installation, server);
        Assert.Equal(1, page["rabbit_services{rabbit_service_health=\"service_down\"}"]);
        Assert.Equal(0, page["rabbit_services{rabbit_service_health=\"ok\"}"]);
        // Visitors are told at once, as before.
        Assert.Contains(" 502 ", await Curl.GetAsync(token.Port), StringComparison.Ordinal);

        await redis.StartAsync();
        Assert.Equal("", (await WaitForHealthAsync(server, token, "ok")).GetProperty("health_reason").GetString());
        Assert.Contains("[]", await run.SucceedAsync("session", "list", "--health", "service_down", "--json"), StringComparison.Ordinal);
        await client.Process.WaitForLineAsync("The local service works again", Soon);

        await client.Process.Kill9Async();
        JsonElement away = await WaitForHealthAsync(server, token, "client_offline");
        Assert.Equal("connection lost", away.GetProperty("health_reason").GetString());
    }

    [Fact]
    public async Task Events_ServiceGoesAndComes_TellBothOnce()
    {
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess server = await installation.StartAsync();
        TestToken token = await CreateTokenAsync(server, "other");
        using ApiRun run = ApiRun.On(installation, server);
        await using RunningProcess events = run.Start("events", "--types", "tunnel.service_down,tunnel.service_up");
        LocalService service = LocalService.Echo();
        int port = service.Port;
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(server, token, port, "--health-interval", "0.3");
        await WaitForHealthAsync(server, token, "ok");
        await service.DisposeAsync();
        await events.WaitForLineAsync("tunnel.service_down", Soon);
        await WaitForHealthAsync(server, token, "service_down");
        await using RunningProcess python = RunningProcess.Start("python", "python3", ["-m", "http.server", $"{port}", "--bind", "127.0.0.1"]);
        await events.WaitForLineAsync("tunnel.service_up", Soon);
        Assert.Equal(2, events.Lines.Count(line => line.Contains("tunnel.service_", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Clients_ThatSayNothing_LeaveItUnknown()
    {
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess server = await installation.StartAsync();
        await using LocalService service = LocalService.Echo();
        TestToken legacy = await server.CreateTokenAsync();
        TestToken silent = await server.CreateTokenAsync();
        await using LegacyPeer peer = await LegacyPeer.LoginAsync(server.ControlPort, legacy, service.Port);
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(server, silent, service.Port, "--health", "none");
        await WaitForHealthAsync(server, legacy, "unknown");
        await WaitForHealthAsync(server, silent, "unknown");
    }

    /// <summary>What a client says of its service is a peer's text like any other, and a number from the future is no breach.</summary>
    [Fact]
    [Trait("Property", "P13")]
    public async Task Report_OfAHostileClient_IsEscapedAndCapped()
    {
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess server = await installation.StartAsync();
        TestToken token = await server.CreateTokenAsync();
        using NativePeer peer = await NativePeer.LoginAsync(server.ControlPort, token);
        await peer.SendAsync(new Rabbit.Protocol.Messages.ServiceHealth(Rabbit.Protocol.Messages.ServiceState.Down, "\e[2J" + new string('x', 60_000)));
        JsonElement down = await WaitForHealthAsync(server, token, "service_down");
        string reason = down.GetProperty("health_reason").GetString()!;
        Assert.StartsWith("\\u{1b}[2Jxxx", reason, StringComparison.Ordinal);
        Assert.InRange(reason.Length, 100, 160);
        await peer.SendAsync(new Rabbit.Protocol.Messages.ServiceHealth((Rabbit.Protocol.Messages.ServiceState)77, "later"));
        Assert.Equal("", (await WaitForHealthAsync(server, token, "unknown")).GetProperty("health_reason").GetString());
    }

    [Fact]
    public async Task Restart_ClientNotBackYet_SaysSo()
    {
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess first = await installation.StartAsync();
        TestToken token = await first.CreateTokenAsync();
        await using LocalService service = LocalService.Echo();
        TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(first, token, service.Port);
        await client.DisposeAsync();
        await first.Process.Kill9Async();
        RabbitProcess second = await installation.StartAsync();
        Assert.Equal("has not come back since the server started", (await WaitForHealthAsync(second, token, "client_offline")).GetProperty("health_reason").GetString());
    }

    private static async Task<JsonElement> WaitForHealthAsync(RabbitProcess server, TestToken token, string health) => (await Eventually.BecomesAsync(
        () => server.Api.FindTunnelAsync(token.Port), tunnel => tunnel?.GetProperty("health").GetString() == health, Soon, $"port {token.Port} is {health}"))!.Value;

    private static async Task<TestToken> CreateTokenAsync(RabbitProcess server, string kind)
    {
        TestToken token = await server.CreateTokenAsync();
        await server.Api.SendAsync(HttpMethod.Patch, $"tokens/{token.Id}", new { kind });
        return token;
    }
}
