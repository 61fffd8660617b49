using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Rabbit.Persistence.Model;
using Rabbit.Protocol.Messages;
using Rabbit.Tests.Support;
using Rabbit.Tunneling.State;
using Xunit;

namespace Rabbit.Tests.EndToEnd;

/// <summary>What is changed of a token through the API takes effect on its tunnel, and has when the answer arrives.</summary>
public sealed class TokenRulesTests(RunningServer running) : IClassFixture<RunningServer>
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);
    private static readonly string[] Elsewhere = ["10.0.0.0/8", "2001:db8::/32"];
    private static readonly string[] Here = ["127.0.0.1"];

    private RabbitProcess Server => running.Server;

    private AdminApi Api => running.Server.Api;

    [Fact]
    [Trait("Property", "P09")]
    [Trait("Property", "P16")]
    public async Task ClientNetwork_TakenAway_EndsClientAndPort_UntilItIsAllowedAgain()
    {
        TestToken token = await Server.CreateTokenAsync();
        using NativePeer client = await NativePeer.LoginAsync(Server.ControlPort, token);
        long started = TimeProvider.System.GetTimestamp();
        await ChangeAsync(token, new { client_networks = Elsewhere });
        await Assert.ThrowsAsync<SocketException>(() => SocketConversation.ConnectAsync(token.Port));
        Assert.Equal(GoAwayReason.Closed, (await client.ReadUntilAsync<GoAway>()).Reason);
        Assert.InRange(TimeProvider.System.GetElapsedTime(started).TotalSeconds, 0, 2);
        Assert.Equal(RejectCode.AddressNotAllowed, await RejectionAsync(token));

        await ChangeAsync(token, new { client_networks = Array.Empty<string>() });
        using NativePeer again = await NativePeer.LoginAsync(Server.ControlPort, token);
        Assert.Equal(token.Port, again.Hello.TunnelPort);
    }

    [Fact]
    [Trait("Property", "P16")]
    public async Task VisitorNetwork_TakenAway_ResetsVisitorsAndLetsNoneIn()
    {
        await using LocalService service = LocalService.Echo();
        TestToken token = await Server.CreateTokenAsync();
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(Server, token, service.Port);
        using Socket visitor = await SocketConversation.ConnectAsync(token.Port);
        await visitor.SendAllAsync("?");
        await visitor.ReadExactlyAsync(1);
        await ChangeAsync(token, new { visitor_networks = Elsewhere });
        await visitor.EndsWithResetAsync(TimeSpan.FromSeconds(2));

        using Socket stranger = await SocketConversation.ConnectAsync(token.Port);
        Assert.Empty(await stranger.ReadToEndAsync());
        await WaitForVisitsAsync(token, rows => rows.Count(row => row.Status == ConnectionStatus.Refused) == 2);
        await ChangeAsync(token, new { visitor_networks = Here });
        await AssertEchoAsync(token.Port);
    }

    [Theory]
    [InlineData("max_visitors")]
    [InlineData("max_visitors_per_address")]
    [Trait("Property", "P11")]
    public async Task Limit_Reached_TellsTheNextVisitor_AndPlacesAreFreeAgain(string limit)
    {
        await using LocalService service = LocalService.Echo();
        TestToken token = await Server.CreateTokenAsync();
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(Server, token, service.Port);
        await ChangeAsync(token, new Dictionary<string, int> { [limit] = 2 });
        for (int round = 0; round < 3; round++)
        {
            using Socket one = await SocketConversation.ConnectAsync(token.Port);
            await one.SendAllAsync("1");
            await one.ReadExactlyAsync(1);
            using Socket two = await SocketConversation.ConnectAsync(token.Port);
            await two.SendAllAsync("2");
            await two.ReadExactlyAsync(1);
            Assert.Contains("takes no more visitors", await Curl.GetAsync(token.Port), StringComparison.Ordinal);
            one.Dispose();
            two.Dispose();
            await Api.WaitForStateAsync(token.Port, "live", Soon);
            await Eventually.BecomesAsync(
                async () => (await Api.FindTunnelAsync(token.Port))!.Value.GetProperty("visitors").GetInt32(), visitors => visitors == 0, Soon, "nobody visits");
        }
    }

    [Fact]
    [Trait("Property", "P16")]
    public async Task Rotate_WithoutOverlap_EndsTheClient_AndTheNewTokenGetsThePort()
    {
        TestToken token = await Server.CreateTokenAsync();
        using NativePeer client = await NativePeer.LoginAsync(Server.ControlPort, token);
        long started = TimeProvider.System.GetTimestamp();
        TestToken rotated = await RotateAsync(token, 0);
        Assert.Equal(GoAwayReason.Revoked, (await client.ReadUntilAsync<GoAway>()).Reason);
        Assert.InRange(TimeProvider.System.GetElapsedTime(started).TotalSeconds, 0, 2);
        Assert.Equal(RejectCode.InvalidToken, await RejectionAsync(token));
        Assert.Contains("503", await Curl.GetAsync(token.Port), StringComparison.Ordinal);
        using NativePeer again = await NativePeer.LoginAsync(Server.ControlPort, rotated);
        Assert.Equal(token.Port, again.Hello.TunnelPort);
    }

    [Fact]
    [Trait("Property", "P16")]
    public async Task Rotate_WithOverlap_BothLogIn_AndTheOldOneEndsWithIt()
    {
        TestToken token = await Server.CreateTokenAsync();
        TestToken rotated = await RotateAsync(token, 3);
        using (await NativePeer.LoginAsync(Server.ControlPort, rotated))
        {
        }
        using NativePeer old = await NativePeer.LoginAsync(Server.ControlPort, token);
        long started = TimeProvider.System.GetTimestamp();
        Assert.Equal(GoAwayReason.Revoked, (await old.ReadUntilAsync<GoAway>()).Reason);
        Assert.InRange(TimeProvider.System.GetElapsedTime(started).TotalSeconds, 0, 5);
        Assert.Equal(RejectCode.InvalidToken, await RejectionAsync(token));
    }

    [Fact]
    public async Task CloseSession_TellsTheClientWhy_AndThePortAnswers()
    {
        TestToken token = await Server.CreateTokenAsync();
        using NativePeer client = await NativePeer.LoginAsync(Server.ControlPort, token);
        await Api.SendAsync(HttpMethod.Post, $"sessions/{client.Hello.SessionId}/close", new { reason = "maintenance\nof \u001b[31mit" });
        GoAway said = await client.ReadUntilAsync<GoAway>();
        Assert.Equal((GoAwayReason.Closed, TimeSpan.FromSeconds(30)), (said.Reason, said.RetryAfter));
        Assert.Contains("maintenance", said.Sentence, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', said.Sentence);
        Assert.Contains("503", await Curl.GetAsync(token.Port), StringComparison.Ordinal);
        SessionRow row = await Eventually.BecomesAsync(
            async () => Assert.Single(await running.Installation.SessionsAsync(token.Port)), row => row.EndedAt is not null, Soon, "the session has ended");
        Assert.StartsWith("closed by an operator: maintenance", row.EndReason, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Property", "P09")]
    public async Task DeleteTeam_EndsAllItsTunnels_AndItsKeys()
    {
        string team = (await Api.SendAsync(HttpMethod.Post, "teams", new { name = $"{Guid.NewGuid()}" })).GetProperty("data").GetProperty("team_id").GetString()!;
        JsonElement made = (await Api.SendAsync(HttpMethod.Post, "tokens/generate", new { team_id = team, name = "one" })).GetProperty("data");
        var token = new TestToken(
            made.GetProperty("token_id").GetString()!, team, made.GetProperty("token").GetString()!, made.GetProperty("assigned_port").GetInt32());
        string key = (await Api.SendAsync(HttpMethod.Post, "keys", new { name = "k", role = "team", team_id = team })).GetProperty("data").GetProperty("key").GetString()!;
        using NativePeer client = await NativePeer.LoginAsync(Server.ControlPort, token);
        await Api.SendAsync(HttpMethod.Delete, $"teams/{team}");
        await Assert.ThrowsAsync<SocketException>(() => SocketConversation.ConnectAsync(token.Port));
        Assert.Equal(GoAwayReason.Revoked, (await client.ReadUntilAsync<GoAway>()).Reason);
        Assert.Equal("resting", (await Api.GetAsync($"ports/{token.Port}")).GetProperty("data").GetProperty("state").GetString());
        using var http = new HttpClient { DefaultRequestHeaders = { Authorization = new("Bearer", key) } };
        using HttpResponseMessage answer = await http.GetAsync(new Uri(Api.Address, "/api/v1/teams"), TestContext.Current.CancellationToken);
        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Fact]
    [Trait("Property", "P09")]
    public async Task RevokedToken_StaysSoAfterARestart()
    {
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess first = await installation.StartAsync();
        TestToken token = await first.CreateTokenAsync();
        using (NativePeer client = await NativePeer.LoginAsync(first.ControlPort, token))
        {
            await first.Api.SendAsync(HttpMethod.Post, $"tokens/{token.Id}/revoke");
            await Assert.ThrowsAsync<SocketException>(() => SocketConversation.ConnectAsync(token.Port));
            Assert.Equal(GoAwayReason.Revoked, (await client.ReadUntilAsync<GoAway>()).Reason);
        }
        await first.Process.Kill9Async();
        RabbitProcess second = await installation.StartAsync();
        await Assert.ThrowsAsync<SocketException>(() => SocketConversation.ConnectAsync(token.Port));
        Assert.Equal("revoked", (await second.Api.GetAsync($"tokens/{token.Id}")).GetProperty("data").GetProperty("state").GetString());
    }

    [Fact]
    [Trait("Property", "P30")]
    public async Task Hold_VisitorsOfAnAbsentClient_AreServedWhenItReturns_EveryByte()
    {
        await using LocalService service = LocalService.Echo();
        TestToken token = await Server.CreateTokenAsync();
        await ChangeAsync(token, new { hold_seconds = 60 });
        using (await NativePeer.LoginAsync(Server.ControlPort, token))
        {
        }
        await Api.WaitForStateAsync(token.Port, "offline", Soon);
        // PostgreSQL's SSLRequest, which is the service's to answer; an HTTP request; and nothing yet.
        byte[][] words = [[0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f, 1, 2, 3], Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), []];
        var visitors = new List<Socket>();
        foreach (byte[] said in words)
        {
            Socket visitor = await SocketConversation.ConnectAsync(token.Port);
            visitors.Add(visitor);
            await visitor.SendAllAsync(said, TestContext.Current.CancellationToken);
        }
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(Server, token, service.Port);
        foreach (var (visitor, said) in visitors.Zip(words))
        {
            byte[] more = "more"u8.ToArray();
            await visitor.SendAllAsync(more, TestContext.Current.CancellationToken);
            byte[] echoed = await visitor.ReadExactlyAsync(said.Length + more.Length);
            Assert.Equal(said.Concat(more), echoed);
            visitor.Dispose();
        }
    }

    [Fact]
    public async Task Hold_OverWithoutTheClient_AnswersAsWithoutIt()
    {
        TestToken token = await Server.CreateTokenAsync();
        await ChangeAsync(token, new { hold_seconds = 1 });
        using (await NativePeer.LoginAsync(Server.ControlPort, token))
        {
        }
        await Api.WaitForStateAsync(token.Port, "offline", Soon);
        long started = TimeProvider.System.GetTimestamp();
        Assert.Contains("is away", await Curl.GetAsync(token.Port), StringComparison.Ordinal);
        Assert.InRange(TimeProvider.System.GetElapsedTime(started).TotalSeconds, 1, 5);
        await WaitForVisitsAsync(token, rows => rows is [{ Status: ConnectionStatus.Refused }]);
    }

    [Fact]
    [Trait("Property", "P09")]
    public async Task Change_OnOneServer_TakesEffectOnTheOther()
    {
        await using Installation installation = await Installation.CreateAsync(Engine.PostgresAndRedis);
        RabbitProcess first = await installation.StartAsync();
        await using Installation besides = installation.Beside(installation.Redis!);
        RabbitProcess second = await besides.StartAsync();
        TestToken token = await first.CreateTokenAsync();
        using NativePeer client = await NativePeer.LoginAsync(first.ControlPort, token);
        long started = TimeProvider.System.GetTimestamp();
        await second.Api.SendAsync(HttpMethod.Patch, $"tokens/{token.Id}", new { client_networks = Elsewhere });
        await client.ReadUntilAsync<GoAway>();
        Assert.InRange(TimeProvider.System.GetElapsedTime(started).TotalSeconds, 0, 2);
    }

    private Task<JsonElement> ChangeAsync(TestToken token, object change) => Api.SendAsync(HttpMethod.Patch, $"tokens/{token.Id}", change);

    private async Task<TestToken> RotateAsync(TestToken token, int seconds)
    {
        JsonElement made = (await Api.SendAsync(HttpMethod.Post, $"tokens/{token.Id}/rotate", new { overlap_seconds = seconds })).GetProperty("data");
        return new TestToken(token.Id, token.TeamId, made.GetProperty("token").GetString()!, token.Port);
    }

    private async Task<RejectCode> RejectionAsync(TestToken token)
    {
        using NativePeer peer = await NativePeer.ConnectAsync(Server.ControlPort);
        await peer.SendAsync(NativePeer.HelloOf(token.Text));
        return (await peer.ReadAsync()).Read<Reject>().Code;
    }

    private Task<List<ConnectionLogRow>> WaitForVisitsAsync(TestToken token, Func<List<ConnectionLogRow>, bool> condition) =>
        Eventually.BecomesAsync(() => running.Installation.VisitsAsync(token.Port), condition, Soon, "the visits are in the log");

    private static async Task AssertEchoAsync(int port)
    {
        using Socket visitor = await SocketConversation.ConnectAsync(port);
        await visitor.SendAllAsync("echo");
        byte[] echoed = await visitor.ReadExactlyAsync(4);
        Assert.Equal("echo", Encoding.ASCII.GetString(echoed));
    }
}
