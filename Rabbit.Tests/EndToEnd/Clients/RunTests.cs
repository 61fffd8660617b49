using System.Net.Sockets;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd.Clients;

/// <summary>Many tunnels from one file, which changes.</summary>
public sealed class RunTests(RunningServer running) : IClassFixture<RunningServer>
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Run_FileChanges_TakesThemOver_AndLeavesTheRestAlone()
    {
        using var home = new ClientHome();
        await using LocalService echo = LocalService.Echo();
        TestToken first = await running.Server.CreateTokenAsync(), second = await running.Server.CreateTokenAsync();
        string server = await ClientHome.ServerSettingsAsync(running.Server, first);
        home.Write("first.token", first.Text);
        home.Write("second.token", second.Text);
        string file = home.Write("tunnels.json", $$"""
            { {{server}}, "tunnels": { "one": { "token_file": "first.token", "local_port": {{echo.Port}} } } }
            """);
        await using RunningProcess client = home.Start("run", file);
        await client.WaitForLineAsync("[one] Tunnel is up", Soon);
        using Socket stays = await SocketConversation.ConnectAsync(first.Port);
        await EchoesAsync(stays, "before");

        // A second tunnel, noticed by itself.
        home.Write("tunnels.json", $$"""
            { {{server}}, "tunnels": { "one": { "token_file": "first.token", "local_port": {{echo.Port}} },
              "two": { "token_file": "second.token", "local_port": {{echo.Port}} } } }
            """);
        await client.WaitForLineAsync("[two] Tunnel is up", Soon);
        await EchoesAsync(stays, "after the second came");

        // A mistake: everything stays.
        int mark = client.Mark;
        home.Write("tunnels.json", "{ \"tunnels\": {\n\"one\": { \"tokn_file\": 1 } } }");
        client.Send(Signal.HangUp);
        string refused = await client.WaitForLineAsync("Tunnels stay as they were", Soon, mark);
        Assert.Contains($"{file}:2: There is no setting tunnels.one.tokn_file; did you mean token_file?", refused, StringComparison.Ordinal);
        await EchoesAsync(stays, "after the mistake");
        using (Socket other = await SocketConversation.ConnectAsync(second.Port))
            await EchoesAsync(other, "here too");

        // The second goes; on demand, without waiting until it is noticed.
        home.Write("tunnels.json", $$"""
            { {{server}}, "tunnels": { "one": { "token_file": "first.token", "local_port": {{echo.Port}} } } }
            """);
        client.Send(Signal.HangUp);
        await client.WaitForLineAsync("Tunnels are as in " + file + ": 1", Soon, mark);
        await EchoesAsync(stays, "after the second went");
        Assert.Single(client.Lines, line => line.Contains("[one] Tunnel is up", StringComparison.Ordinal));

        client.Send(Signal.Term);
        Assert.Equal(0, await client.WaitForExitAsync(Soon));
    }

    [Fact]
    public async Task Run_OneTokenIsRevoked_TheOtherTunnelStays()
    {
        using var home = new ClientHome();
        await using LocalService echo = LocalService.Echo();
        TestToken first = await running.Server.CreateTokenAsync(), second = await running.Server.CreateTokenAsync();
        home.Write("first.token", first.Text);
        home.Write("second.token", second.Text);
        string file = home.Write("tunnels.json", $$"""
            { {{await ClientHome.ServerSettingsAsync(running.Server, first)}}, "local_host": "127.0.0.1", "tunnels": {
              "one": { "token_file": "first.token", "local_port": {{echo.Port}} }, "two": { "token_file": "second.token", "local_port": {{echo.Port}} } } }
            """);
        await using RunningProcess client = home.Start("run", file);
        await client.WaitForLineAsync("[one] Tunnel is up", Soon);
        await client.WaitForLineAsync("[two] Tunnel is up", Soon);
        await running.Server.Api.DeleteTokenAsync(first);
        await client.WaitForLineAsync("[one] The tunnel has failed for good", Soon);
        using Socket visitor = await SocketConversation.ConnectAsync(second.Port);
        await EchoesAsync(visitor, "still here");
        Assert.False(client.HasExited);
    }

    [Fact]
    public async Task Check_File_SaysAllThatIsWrong()
    {
        using var home = new ClientHome();
        string file = home.Write("tunnels.json", "{\n\"servr\": \"a\",\n\"tunnels\": { \"db\": { \"local_port\": \"x\" } } }");
        var (status, output) = await home.RunAsync("check", file);
        Assert.Equal(2, status);
        Assert.Equal(2, output.Split('\n').Length);
        Assert.Contains($"{file}:2: There is no setting servr; did you mean server?", output, StringComparison.Ordinal);
        Assert.Contains($"{file}:3: tunnels.db: Name the server", output, StringComparison.Ordinal);
        (status, output) = await home.RunAsync("run", file);
        Assert.Equal(2, status);
        Assert.Contains("(1 more: 'tunnel-client check", output, StringComparison.Ordinal);

        TestToken token = await running.Server.CreateTokenAsync();
        home.Write("db.token", token.Text);
        home.Write("tunnels.json", "{ \"server\": \"a\", \"tunnels\": { \"db\": { \"token_file\": \"db.token\", \"local_port\": 5432 } } }");
        (status, output) = await home.RunAsync("check", file);
        Assert.Equal((0, $"{file} is in order; its tunnels: db (localhost:5432)."), (status, output));
        Assert.Equal(2, (await home.RunAsync("check")).Status);
    }

    private static async Task EchoesAsync(Socket visitor, string text)
    {
        await visitor.SendAllAsync(text);
        Assert.Equal(text, System.Text.Encoding.ASCII.GetString(await visitor.ReadExactlyAsync(text.Length)));
    }
}
