using System.Text.Json;
using Rabbit.Protocol.Credentials;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd.Clients;

/// <summary>What a program reads of what happens.</summary>
public sealed class JsonLogTests(RunningServer running) : IClassFixture<RunningServer>
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Connect_LogFormatJson_EveryLineIsAnObject()
    {
        using var home = new ClientHome();
        TestToken token = await running.Server.CreateTokenAsync();
        await using RunningProcess client = home.Start(
            "connect", (ConnectionUri.Parse(await running.Server.ConnectionStringAsync(token)) with { Token = "" }).Reveal(), "--token-file", home.Write("token", token.Text),
            "--local-port", $"{LocalService.RefusingPort()}", "--log-format", "json");
        await client.WaitForLineAsync("Tunnel is up", Soon);
        await client.WaitForLineAsync("does not work", Soon);
        await running.Server.Api.DeleteTokenAsync(token);
        Assert.Equal(1, await client.WaitForExitAsync(Soon));
        List<JsonElement> lines = [.. client.Lines.Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.All(lines, line => Assert.NotEqual(0, line.GetProperty("event").GetInt32()));
        JsonElement up = Assert.Single(lines, line => line.GetProperty("event").GetInt32() == 8000);
        Assert.Equal(("info", token.Port, "localhost"), (up.GetProperty("level").GetString(), up.GetProperty("port").GetInt32(), up.GetProperty("public_host").GetString()));
        Assert.Equal("error", lines[^1].GetProperty("level").GetString());
        Assert.Contains("revoked", lines[^1].GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_LogFormatUnknown_IsAMistake()
    {
        using var home = new ClientHome();
        Assert.Equal(
            (2, "tunnel-client: --log-format must be text or json, not 'xml'."), await home.RunAsync("connect", "rabbit://localhost", "--local-port", "1", "--log-format", "xml"));
    }
}
