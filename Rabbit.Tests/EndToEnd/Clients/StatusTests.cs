using System.Net.Sockets;
using System.Text.Json;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd.Clients;

/// <summary>What another program learns of a running client.</summary>
public sealed class StatusTests(RunningServer running) : IClassFixture<RunningServer>
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Status_RunningClient_SaysHowItsTunnelsAre()
    {
        using var home = new ClientHome();
        await using LocalService echo = LocalService.Echo();
        TestToken token = await running.Server.CreateTokenAsync();
        home.Write("db.token", token.Text);
        string file = home.Write("tunnels.json", $$"""
            { {{await ClientHome.ServerSettingsAsync(running.Server, token)}}, "tunnels": { "db": { "token_file": "db.token", "local_port": {{echo.Port}} } } }
            """);
        await using (RunningProcess client = home.Start("run", file))
        {
            await client.WaitForLineAsync("[db] Tunnel is up", Soon);
            using Socket visitor = await SocketConversation.ConnectAsync(token.Port);
            await visitor.SendAllAsync("12345");
            await visitor.ReadExactlyAsync(5);

            JsonElement report = await Eventually.BecomesAsync(
                async () => Assert.Single((await JsonAsync(home, expected: 0)).EnumerateArray()),
                found => found.GetProperty("tunnels")[0] is var db && db.GetProperty("bytes_down").GetInt64() == 5 && db.GetProperty("round_trip_milliseconds").ValueKind == JsonValueKind.Number,
                Soon, "the visitor's bytes and a heartbeat are told");
            Assert.Equal(client.Id, report.GetProperty("process_id").GetInt32());
            Assert.Equal(file, report.GetProperty("file").GetString());
            JsonElement tunnel = Assert.Single(report.GetProperty("tunnels").EnumerateArray());
            Assert.Equal(
                ("db", "live", $"localhost:{token.Port}", $"localhost:{echo.Port}", "up", 1, 5),
                (tunnel.GetProperty("name").GetString(), tunnel.GetProperty("state").GetString(), tunnel.GetProperty("public_address").GetString(),
                    tunnel.GetProperty("local").GetString(), tunnel.GetProperty("service").GetString(), tunnel.GetProperty("visitors_now").GetInt32(), tunnel.GetProperty("bytes_up").GetInt64()));

            var (status, output) = await home.RunAsync("status");
            Assert.Equal(0, status);
            Assert.Contains($"Process {client.Id}", output, StringComparison.Ordinal);
            Assert.Contains($"localhost:{token.Port}", output, StringComparison.Ordinal);
            string socket = Assert.Single(Directory.GetFiles(home.File("run/rabbit")));
            if (!OperatingSystem.IsWindows())
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(socket));

            await client.Kill9Async();
        }
        // What a killed one has left is found dead, and removed.
        var (afterwards, text) = await home.RunAsync("status");
        Assert.Equal(1, afterwards);
        Assert.Contains("No client of this account runs", text, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(home.File("run/rabbit")));
    }

    [Fact]
    public async Task Status_ATunnelIsNotLive_Is1_AndSaysWhy()
    {
        using var home = new ClientHome();
        int port = LocalService.RefusingPort();
        await using RunningProcess client = home.Start(
            "connect", $"rabbit://127.0.0.1:{port}", "--token-file", home.Write("token", Rabbit.Protocol.Credentials.TokenText.Create().Reveal()), "--local-port", "1", "--health", "none");
        await client.WaitForLineAsync("trying again in", Soon);
        JsonElement tunnel = (await JsonAsync(home, expected: 1))[0].GetProperty("tunnels")[0];
        Assert.True(tunnel.GetProperty("state").GetString() is "waiting" or "connecting", tunnel.ToString());
        Assert.Equal($"nothing listens at 127.0.0.1:{port}", tunnel.GetProperty("reason").GetString());
        Assert.Equal(JsonValueKind.Null, tunnel.GetProperty("name").ValueKind);
        client.Send(Signal.Term);
        Assert.Equal(0, await client.WaitForExitAsync(Soon));
        Assert.Empty(Directory.GetFiles(home.File("run/rabbit")));
    }

    private static async Task<JsonElement> JsonAsync(ClientHome home, int expected)
    {
        var (status, output) = await home.RunAsync("status", "--json");
        Assert.Equal(expected, status);
        return JsonDocument.Parse(output).RootElement;
    }
}
