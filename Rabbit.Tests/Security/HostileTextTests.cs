using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Messages;
using Rabbit.Tests.EndToEnd;
using Rabbit.Tests.Host.Commands;
using Rabbit.Tests.Host.Commands.Api;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Security;

/// <summary>
/// Clients, visitors and callers send text that would break a line, steer a terminal or begin a formula: in the log, the metrics, the API, its
/// CSV and the commands it is one harmless line of bounded length.
/// </summary>
[Trait("Property", "P13")]
public sealed class HostileTextTests(HostilePeerTests.ImpatientServer running) : IClassFixture<HostilePeerTests.ImpatientServer>
{
    private const string Hostile = "=cmd|' /C'!A0\r\nfail: forged line\u001b]0;title\u0007\u001b[2J\u202e\u2028\u0085<script>alert(1)</script>{label=\"x\"}";
    private const int Longest = 3000;
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    private static readonly string Long = Hostile + new string('x', Longest);

    private RabbitProcess Server => running.Server;

    [Fact]
    public async Task TextOfPeers_WhereverItIsShown_IsOneHarmlessLine()
    {
        TestToken token = await Server.CreateTokenAsync();
        using NativePeer client = await NativePeer.ConnectAsync(Server.ControlPort);
        await client.SendAsync(new ClientHello(0, Hostile, token.Text, Long, 1, Guid.Empty, 0, false));
        ServerHello hello = (await client.ReadAsync()).Read<ServerHello>();
        await RefuseVisitorAsync(token, hello);
        await SayNonsenseAsync();
        using (var http = new HttpClient { BaseAddress = Server.Api.Address })
        {
            http.DefaultRequestHeaders.TryAddWithoutValidation("User-Agent", Uri.EscapeDataString(Hostile));
            http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", $"Bearer \u001b[31m{token.Text}");
            using HttpResponseMessage refused = await http.GetAsync(new Uri($"/api/v1/{Uri.EscapeDataString(Hostile)}", UriKind.Relative), TestContext.Current.CancellationToken);
            Assert.False(refused.IsSuccessStatusCode);
        }
        await Eventually.BecomesAsync(() => running.Installation.VisitsAsync(token.Port), rows => rows.Count == 1 && rows[0].Reason.Length > 0, Soon, "the visitor is on record");

        // The API: whole, as JSON, escaped and capped.
        JsonElement tunnel = (await Server.Api.FindTunnelAsync(token.Port))!.Value;
        AssertHarmless(tunnel.GetProperty("client_name").GetString()!);
        Assert.InRange(tunnel.GetProperty("client_name").GetString()!.Length, 20, 200);
        using HttpResponseMessage csv = await GetAsync($"/api/v1/connections/export?token_id={token.Id}");
        string[] rows = (await csv.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).TrimEnd().Split("\r\n");
        Assert.Equal(2, rows.Length);
        AssertHarmless(rows[1]);
        Assert.DoesNotContain(",=", rows[1], StringComparison.Ordinal);
        Assert.DoesNotContain(",\"=", rows[1], StringComparison.Ordinal);

        // The metrics: what peers say is in none.
        MetricsPage page = await MetricsPage.ScrapeAsync(running.Installation, Server);
        foreach (string part in new[] { "cmd|", "forged", "alert(1)", token.Id })
            Assert.DoesNotContain(part, page.Text, StringComparison.Ordinal);

        // The commands of an operator.
        using ApiRun run = ApiRun.On(running.Installation, Server);
        foreach (string[] command in new[] { ["session", "list"], ["connection", "list", "--port", $"{token.Port}"], new[] { "token", "show", token.Id } })
        {
            CommandRun ended = await run.RunAsync(command);
            Assert.True(ended.Status == 0, $"{ended}");
            Assert.All(ended.Output.Split('\n'), AssertHarmless);
        }

        // The log.
        Assert.Contains(Server.Process.Lines, line => line.Contains($"port {token.Port}", StringComparison.Ordinal));
        Assert.All(Server.Process.Lines, AssertHarmless);
        Assert.DoesNotContain(Server.Process.Lines, line => line.StartsWith("fail:", StringComparison.Ordinal));
    }

    // The client refuses a visitor with a sentence of its own, reports a failure, and says goodbye.
    private async Task RefuseVisitorAsync(TestToken token, ServerHello hello)
    {
        using Socket visitor = await SocketConversation.ConnectAsync(token.Port);
        await visitor.SendAllAsync("GET / HTTP/1.1\r\nHost: \u001b[31mhere\r\nUser-Agent: \u001b]0;x\u0007\r\n\r\n");
        using NativePeer channel = await NativePeer.OpenChannelAsync(Server.ControlPort, hello);
        await channel.ReadUntilAsync<Start>();
        await channel.SendAsync(new Refused(RefusedReason.ConnectionRefused, Long));
        string answer = Encoding.UTF8.GetString(await visitor.ReadToEndAsync());
        Assert.DoesNotContain("forged", answer, StringComparison.Ordinal);
    }

    private async Task SayNonsenseAsync()
    {
        foreach (byte[] words in new[] { Encoding.UTF8.GetBytes(Hostile + "\n1\n"), [.. "RBT\u0002"u8, .. Frame.Encode(NativePeer.HelloOf(Hostile))], Encoding.UTF8.GetBytes($"DATA:{Hostile}\n") })
        {
            using Socket socket = await SocketConversation.ConnectAsync(Server.ControlPort);
            await socket.SendAllAsync(words, TestContext.Current.CancellationToken);
            socket.Shutdown(SocketShutdown.Send);
            await socket.EndsWithResetAsync();
        }
    }

    private async Task<HttpResponseMessage> GetAsync(string path)
    {
        using var http = new HttpClient { BaseAddress = Server.Api.Address };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (await Server.ReadAdminKeyAsync()).Trim());
        HttpResponseMessage answer = await http.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return answer;
    }

    private static void AssertHarmless(string line)
    {
        Assert.True(line.Length < Longest, "It is not capped.");
        Assert.DoesNotContain(line, c => char.GetUnicodeCategory(c)
            is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
    }
}
