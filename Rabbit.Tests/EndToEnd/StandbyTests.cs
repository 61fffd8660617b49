using System.Net;
using Rabbit.Protocol.Messages;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd;

/// <summary>Connections that authenticate and wait, to be logged in on later.</summary>
public sealed class StandbyTests(RunningServer running) : IClassFixture<RunningServer>
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    private RabbitProcess Server => running.Server;

    [Fact]
    public async Task Standby_ThenAHello_BecomesTheControlChannelOnTheSameConnection()
    {
        TestToken token = await Server.CreateTokenAsync();
        using NativePeer peer = await ParkAsync(token);
        await peer.SendAsync(new Ping(7));
        Assert.Equal(7UL, (await peer.ReadAsync()).Read<Pong>().Number);
        // Nobody's tunnel, and nobody's session.
        Assert.Null(await Server.Api.FindTunnelAsync(token.Port));

        await peer.SendAsync(new Ping(8));
        await peer.SendAsync(NativePeer.HelloOf(token.Text));
        Assert.Equal(8UL, (await peer.ReadAsync()).Read<Pong>().Number);
        ServerHello hello = (await peer.ReadAsync()).Read<ServerHello>();
        Secrets.Remember(hello.ChannelSecret);
        Assert.Equal(token.Port, hello.TunnelPort);
        await Server.Api.WaitForStateAsync(token.Port, "live", Soon);
        using NativePeer channel = await NativePeer.OpenChannelAsync(Server.ControlPort, hello);
        using var visitor = await SocketConversation.ConnectAsync(token.Port);
        var (start, _) = await channel.AcceptAsync();
        Assert.Equal("127.0.0.1", start.VisitorAddress);
    }

    [Fact]
    public async Task Standby_WhileAnotherSessionIsLive_LeavesItAloneUntilTheHello()
    {
        TestToken token = await Server.CreateTokenAsync();
        using NativePeer first = await NativePeer.LoginAsync(Server.ControlPort, token);
        using NativePeer parked = await ParkAsync(token);
        await first.SendAsync(new Ping(1));
        await first.ReadUntilAsync<Pong>();
        await parked.SendAsync(NativePeer.HelloOf(token.Text, first.Hello));
        ServerHello hello = (await parked.ReadAsync()).Read<ServerHello>();
        Secrets.Remember(hello.ChannelSecret);
        Assert.Equal(first.Hello.SessionId, hello.SessionId);
        Assert.Equal(first.Hello.Epoch + 1, hello.Epoch);
        Assert.Equal(GoAwayReason.Superseded, (await first.ReadUntilAsync<GoAway>()).Reason);
    }

    [Fact]
    public async Task Standby_TokenIsDeleted_IsToldAndClosed()
    {
        TestToken token = await Server.CreateTokenAsync();
        using NativePeer peer = await ParkAsync(token);
        await Server.Api.DeleteTokenAsync(token);
        Assert.Equal(GoAwayReason.Revoked, (await peer.ReadUntilAsync<GoAway>()).Reason);
        Assert.Null(await peer.ReadOrEndAsync());
    }

    [Fact]
    public async Task Standby_OfAWrongToken_IsRejectedLikeALogin()
    {
        TestToken token = await Server.CreateTokenAsync();
        string wrong = token.Text[..^1] + (token.Text[^1] == 'a' ? 'b' : 'a');
        using NativePeer peer = await NativePeer.ConnectAsync(Server.ControlPort, IPAddress.Parse("127.0.77.1"));
        await peer.SendAsync(new Standby(0, "test-peer/1", wrong, "test"));
        Assert.Equal(RejectCode.InvalidToken, (await peer.ReadAsync()).Read<Reject>().Code);
    }

    [Fact]
    public async Task Standby_TheFifthOfAToken_IsTurnedAwayUntilOneHasLeft()
    {
        TestToken token = await Server.CreateTokenAsync();
        var parked = new List<NativePeer>();
        for (int i = 0; i < 4; i++)
            parked.Add(await ParkAsync(token));
        using (NativePeer fifth = await NativePeer.ConnectAsync(Server.ControlPort))
        {
            await fifth.SendAsync(StandbyOf(token));
            Reject reject = (await fifth.ReadAsync()).Read<Reject>();
            Assert.Equal((RejectCode.TooMany, true), (reject.Code, reject.Retryable));
        }
        await parked[0].SendAsync(new Disconnect("bye"));
        Assert.Null(await parked[0].ReadOrEndAsync());
        using NativePeer again = await ParkAsync(token);
        foreach (NativePeer peer in parked)
            peer.Dispose();
    }

    [Fact]
    public async Task Standby_FrameThatDoesNotBelongThere_EndsIt()
    {
        TestToken token = await Server.CreateTokenAsync();
        using NativePeer peer = await ParkAsync(token);
        await peer.SendAsync(new NeedChannels(1));
        Assert.Equal(GoAwayReason.Protocol, (await peer.ReadUntilAsync<GoAway>()).Reason);
        Assert.Null(await peer.ReadOrEndAsync());
    }

    [Fact]
    public async Task Hello_OnAStandby_IsAskedForItsTokenAgain()
    {
        TestToken token = await Server.CreateTokenAsync();
        using NativePeer peer = await ParkAsync(token, IPAddress.Parse("127.0.77.2"));
        await peer.SendAsync(NativePeer.HelloOf(token.Text[..^1] + (token.Text[^1] == 'a' ? 'b' : 'a')));
        Assert.Equal(RejectCode.InvalidToken, (await peer.ReadAsync()).Read<Reject>().Code);
        Assert.Null(await peer.ReadOrEndAsync());
    }

    private static Standby StandbyOf(TestToken token) => new(Minor: 0, "test-peer/1", token.Text, "test");

    private async Task<NativePeer> ParkAsync(TestToken token, IPAddress? from = null)
    {
        NativePeer peer = await NativePeer.ConnectAsync(Server.ControlPort, from);
        await peer.SendAsync(StandbyOf(token));
        StandbyAccepted accepted = (await peer.ReadAsync()).Read<StandbyAccepted>();
        Assert.Equal((TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(45)), (accepted.Heartbeat, accepted.DeadAfter));
        return peer;
    }
}
