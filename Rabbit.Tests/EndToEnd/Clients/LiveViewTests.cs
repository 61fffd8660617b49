using System.Net.Sockets;
using Rabbit.Protocol.Credentials;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd.Clients;

/// <summary>What people see at a terminal: a real pseudo-terminal, and the real programs.</summary>
public sealed class LiveViewTests
{
    [Fact]
    public async Task Connect_AtATerminal_ShowsTheTunnelInPlace_AndLeavesTheTerminalAsItWas()
    {
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess server = await installation.StartAsync();
        await using LocalService echo = LocalService.Echo();
        TestToken token = await server.CreateTokenAsync();
        using var home = new ClientHome();
        await using LiveClient client = await StartAsync(home, server, token, echo.Port, width: 100);

        await client.ShowsAsync("Tunnel      live");
        await client.ShowsAsync($"Visitors at localhost:{token.Port}");
        await client.ShowsAsync($"Service     localhost:{echo.Port} (works)");
        await client.ShowsAsync(" ms");
        using (Socket visitor = await SocketConversation.ConnectAsync(token.Port))
        {
            await visitor.SendAllAsync("12345");
            await visitor.ReadExactlyAsync(5);
            await client.ShowsAsync("Visitors    1 now, 1 in all");
            await client.ShowsAsync("Down        5 B");
        }
        await client.ShowsAsync("Visitors    0 now, 1 in all");

        await server.Process.Kill9Async();
        await client.ShowsAsync("Tunnel      retry in");
        await installation.StartAsync();
        IReadOnlyList<string> window = await client.ShowsAsync("Tunnel      live");
        // One block, under the lines of what has happened, which are there once each.
        Assert.Single(window, line => line.StartsWith("Round trip", StringComparison.Ordinal));
        Assert.Single(client.Terminal.Lines, line => line.Contains("Tunnel is up", StringComparison.Ordinal));
        Assert.Contains(client.Terminal.Lines, line => line.Contains("Tunnel is back", StringComparison.Ordinal));
        Assert.Equal(0, client.Terminal.Flickers);

        Assert.Equal("status 0", await client.EndAsync(Signal.Interrupt));
        Assert.Contains("Tunnel      stopped", client.Terminal.Window);
        Assert.True(client.IsRestored());
    }

    [Fact]
    public async Task Connect_Killed_LeavesTheTerminalAsItWas()
    {
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess server = await installation.StartAsync();
        using var home = new ClientHome();
        await using LiveClient client = await StartAsync(home, server, await server.CreateTokenAsync(), localPort: 1, width: 100);
        await client.ShowsAsync("Tunnel      live");
        Assert.Equal("status 137", await client.EndAsync(Signal.Kill));
        Assert.True(client.IsRestored());
        Assert.DoesNotContain("\e[?25l", client.Sent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_NarrowWithoutColor_FitsAndHasNone()
    {
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess server = await installation.StartAsync();
        using var home = new ClientHome();
        await using LiveClient client = await StartAsync(home, server, await server.CreateTokenAsync(), localPort: 1, width: 28, ("NO_COLOR", "1"));
        await client.ShowsAsync("Tunnel      live, service d…");
        Assert.DoesNotContain("\e[3", client.Sent, StringComparison.Ordinal);
        Assert.Equal("status 0", await client.EndAsync(Signal.Term));
        Assert.Single(client.Terminal.Lines, line => line.StartsWith("Round trip", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Connect_WrongToken_EndsWithOneSentenceBelowTheView()
    {
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess server = await installation.StartAsync();
        using var home = new ClientHome();
        TestToken token = await server.CreateTokenAsync();
        await using LiveClient client = await StartAsync(home, server, token with { Text = TokenText.Create().Reveal() }, localPort: 1, width: 200);
        await client.Process.WaitForExitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal("status 1", (await File.ReadAllTextAsync(home.File("status"), TestContext.Current.CancellationToken)).Trim());
        Assert.StartsWith("tunnel-client: ", client.Terminal.Lines.Last(line => line.Length > 0), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_AtATerminal_ShowsARowForEachTunnel()
    {
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess server = await installation.StartAsync();
        await using LocalService echo = LocalService.Echo();
        TestToken token = await server.CreateTokenAsync();
        using var home = new ClientHome();
        home.Write("one.token", token.Text);
        home.Write("two.token", TokenText.Create().Reveal());
        string file = home.Write("tunnels.json", $$"""
            { {{await ClientHome.ServerSettingsAsync(server, token)}}, "tunnels": {
              "one": { "token_file": "one.token", "local_port": {{echo.Port}} }, "two": { "token_file": "two.token", "local_port": 1 } } }
            """);
        await using var client = new LiveClient(home, 160, 40, ["run", file]);
        await client.ShowsAsync("● one   live");
        await client.ShowsAsync("● two   failed");
        Assert.Equal("status 0", await client.EndAsync(Signal.Term));
    }

    private static async Task<LiveClient> StartAsync(
        ClientHome home, RabbitProcess server, TestToken token, int localPort, int width, params (string Name, string Value)[] environment) => new(
        home, width, height: 30,
        ["connect", (ConnectionUri.Parse(await server.ConnectionStringAsync(token)) with { Token = "" }).Reveal(), "--token-file", home.Write("token", token.Text), "--local-port", $"{localPort}"],
        environment);
}
