using System.Net.Sockets;
using Rabbit.Protocol.Messages;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd;

/// <summary>Two clients of one token: the newest wins, at once, and the other is told.</summary>
[Trait("Property", "P40")]
public sealed class TakeoverTests(RunningServer running) : IClassFixture<RunningServer>
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    private int ControlPort => running.Server.ControlPort;

    [Fact]
    public async Task Login_WhileAnotherIsLive_WinsAndTheOtherIsTold()
    {
        TestToken token = await running.Server.CreateTokenAsync();
        using NativePeer old = await NativePeer.LoginAsync(ControlPort, token);
        using NativePeer winner = await NativePeer.LoginAsync(ControlPort, token);
        Assert.True(winner.Hello.Epoch > old.Hello.Epoch);
        Assert.NotEqual(old.Hello.SessionId, winner.Hello.SessionId);

        GoAway told = await old.ReadUntilAsync<GoAway>();
        Assert.Equal(GoAwayReason.Superseded, told.Reason);
        Assert.NotEmpty(told.Sentence);
        await AssertServesAsync(winner, token);
        await Eventually.BecomesAsync(
            () => running.Installation.SessionsAsync(token.Port), rows => rows is [{ EndReason: "superseded" }, { EndedAt: null }], Soon,
            "one session superseded, one live");
    }

    [Fact]
    public async Task Login_AtTheSameTime_LeavesOneWinner()
    {
        const int Racers = 16;
        TestToken token = await running.Server.CreateTokenAsync();
        NativePeer[] peers = await Task.WhenAll(Enumerable.Range(0, Racers).Select(_ => NativePeer.LoginAsync(ControlPort, token)));
        Assert.Equal(Racers, peers.Select(peer => peer.Hello.Epoch).Distinct().Count());
        NativePeer winner = peers.MaxBy(peer => peer.Hello.Epoch)!;
        foreach (NativePeer loser in peers.Where(peer => peer != winner))
        {
            Assert.Equal(GoAwayReason.Superseded, (await loser.ReadUntilAsync<GoAway>()).Reason);
            loser.Dispose();
        }
        await AssertServesAsync(winner, token);
        winner.Dispose();
    }

    [Fact]
    public async Task Login_WhileTheOldSocketIsHalfOpen_DoesNotWaitForIt()
    {
        TestToken token = await running.Server.CreateTokenAsync();
        await using LocalService service = LocalService.Echo();
        await using TunnelClientProcess old = await TunnelClientProcess.ConnectAsync(running.Server, token, service.Port);
        old.Process.Send(Signal.Stop); // Its socket stays open and nobody reads it.

        long started = TimeProvider.System.GetTimestamp();
        using NativePeer winner = await NativePeer.LoginAsync(ControlPort, token);
        Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(1), "The login waited for the old socket.");
        await AssertServesAsync(winner, token);
    }

    [Fact]
    public async Task TunnelClient_Superseded_SaysWhyAndDoesNotFightBack()
    {
        TestToken token = await running.Server.CreateTokenAsync();
        await using LocalService service = LocalService.Echo();
        await using TunnelClientProcess loser = await TunnelClientProcess.ConnectAsync(running.Server, token, service.Port);
        await using TunnelClientProcess winner = await TunnelClientProcess.ConnectAsync(running.Server, token, service.Port);

        string told = await loser.Process.WaitForLineAsync("Another client connected with the same token", Soon);
        Assert.Contains("trying again in 3", told, StringComparison.Ordinal); // 30 s and a little, not at once.
        using Socket visitor = await SocketConversation.ConnectAsync(token.Port);
        await visitor.SendAllAsync("?");
        Assert.Equal("?"u8.ToArray(), await visitor.ReadExactlyAsync(1));
        Assert.DoesNotContain(winner.Process.Lines, line => line.Contains("No tunnel", StringComparison.Ordinal));
    }

    [Fact]
    public async Task LegacyClient_Superseded_IsClosed()
    {
        TestToken token = await running.Server.CreateTokenAsync();
        await using LegacyPeer old = await LegacyPeer.LoginAsync(ControlPort, token, localPort: 3000);
        await using LegacyPeer winner = await LegacyPeer.LoginAsync(ControlPort, token, localPort: 3000);
        Assert.Null(await old.ReadLineAsync());
        winner.ServeEcho(ControlPort);
        using Socket visitor = await SocketConversation.ConnectAsync(token.Port);
        await visitor.SendAllAsync("?");
        Assert.Equal("?"u8.ToArray(), await visitor.ReadExactlyAsync(1));
    }

    private async Task AssertServesAsync(NativePeer client, TestToken token)
    {
        using Socket visitor = await SocketConversation.ConnectAsync(token.Port);
        await visitor.SendAllAsync("hello");
        using NativePeer channel = await NativePeer.OpenChannelAsync(ControlPort, client.Hello);
        var (_, end) = await channel.AcceptAsync();
        Assert.Equal("hello"u8.ToArray(), await end.ReadExactlyAsync(5));
    }
}
