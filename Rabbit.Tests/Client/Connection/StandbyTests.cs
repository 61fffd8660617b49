using Rabbit.Client.Connection;
using Rabbit.Client.Status;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Messages;
using Xunit;

namespace Rabbit.Tests.Client.Connection;

/// <summary>A client of a cluster: its standby, and where it logs in when it loses its node.</summary>
public sealed class StandbyTests : IDisposable
{
    private readonly ScriptedServer _first = new();
    private readonly ScriptedServer _second = new();

    [Fact]
    public async Task RunAsync_ServerNamesAnotherNode_KeepsAStandbyThereAndShowsIt()
    {
        await using RunningClient client = Start(new FastTime(20));
        using var control = await LogInAsync();
        var (parked, standby) = await _second.AcceptStandbyAsync();
        using (parked)
        {
            Assert.StartsWith("rbt_", standby.Token, StringComparison.Ordinal);
            Assert.Equal("test", standby.ClientName);
            for (int beat = 1; beat <= 2; beat++)
            {
                ulong number = (await parked.ReadAsync()).Read<Ping>().Number;
                await parked.SendAsync(new Pong(number));
            }
            TunnelSnapshot shown = client.Status.Snapshot();
            Assert.Equal((TunnelState.Live, $"127.0.0.1:{_first.Port}", $"127.0.0.1:{_second.Port}"), (shown.State, shown.Node, shown.Standby));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task RunAsync_NodeIsLostOrSendsItAway_LogsInOnTheStandbyAtOnce(bool isLost)
    {
        await using RunningClient client = Start(new FastTime(20));
        ServerHello session;
        using (var control = (await _first.AcceptControlAsync()).Control)
        {
            session = _first.NextHello();
            await control.SendAsync(session);
            await control.SendAsync(Both());
            using var parked = (await _second.AcceptStandbyAsync()).Connection;
            // The session is older than a second when a heartbeat has come.
            ulong number = (await parked.ReadAsync()).Read<Ping>().Number;
            Task moves = client.NextLineAsync($"goes on at 127.0.0.1:{_second.Port}");
            if (isLost)
                control.Socket.Close(0);
            else
                await control.SendAsync(new GoAway(GoAwayReason.Shutdown, TimeSpan.Zero, "", "Going."));
            Frame next;
            while ((next = await parked.ReadAsync()).Type == FrameType.Ping)
                number = next.Read<Ping>().Number;
            Assert.Equal((session.SessionId, session.Epoch), (next.Read<ClientHello>().LastSessionId, next.Read<ClientHello>().LastEpoch));
            await parked.SendAsync(new Pong(number)); // The answer to the last heartbeat may come before that to the hello.
            await parked.SendAsync(_second.NextHello());
            await moves.WaitAsync(TestContext.Current.CancellationToken);
            Assert.Equal(FrameType.Ping, (await parked.ReadAsync()).Type);
            // It is a control channel like any other: the next standby is at the node that it has left.
            await parked.SendAsync(new Nodes([Place(_first, isThis: false), Place(_second, isThis: true)]));
            using var back = (await _first.AcceptStandbyAsync()).Connection;
        }
    }

    [Fact]
    public async Task RunAsync_SupersededOrClosed_LeavesTheStandbyAndWaits()
    {
        await using RunningClient client = Start(new FastTime(20));
        using var control = await LogInAsync();
        using var parked = (await _second.AcceptStandbyAsync()).Connection;
        Assert.Equal(FrameType.Ping, (await parked.ReadAsync()).Type);
        Task waits = client.NextLineAsync("An operator closed the session; trying again in 30.0 s");
        await control.SendAsync(new GoAway(GoAwayReason.Closed, TimeSpan.FromSeconds(30), "", "An operator closed the session."));
        await waits.WaitAsync(TestContext.Current.CancellationToken);
        while (await parked.ReadOrEndAsync() is { } frame)
            Assert.Equal(FrameType.Ping, frame.Type);
        using var again = (await _first.AcceptLoginAsync()).Control;
    }

    [Fact]
    public async Task RunAsync_StandbyIsLost_MakesAnother()
    {
        await using RunningClient client = Start(new FastTime(20));
        using var control = await LogInAsync();
        using (var parked = (await _second.AcceptStandbyAsync()).Connection)
            await parked.SendAsync(new GoAway(GoAwayReason.Shutdown, TimeSpan.Zero, "", "Draining."));
        using var again = (await _second.AcceptStandbyAsync()).Connection;
        Assert.Equal(FrameType.Ping, (await again.ReadAsync()).Type);
    }

    [Fact]
    public async Task RunAsync_StandbyDoesNotTakeTheTunnel_GoesToTheGivenServer()
    {
        await using RunningClient client = Start(new FastTime(20));
        using (var control = await LogInAsync())
        using (var parked = (await _second.AcceptStandbyAsync()).Connection)
        {
            Assert.Equal(FrameType.Ping, (await parked.ReadAsync()).Type);
            control.Socket.Close(0);
            while ((await parked.ReadAsync()).Type != FrameType.ClientHello)
            {
            }
            await parked.SendAsync(new Reject(RejectCode.PortBusy, Retryable: true, TimeSpan.FromSeconds(5), "In use."));
            using var back = (await _first.AcceptLoginAsync()).Control;
        }
    }

    [Fact]
    public async Task RunAsync_SentToAHost_LogsInThereOnceAndThenAtTheGivenServer()
    {
        await using var client = new RunningClient(_first.Port, time: new FastTime(20), standby: false);
        using (var control = (await _first.AcceptLoginAsync()).Control)
            await control.SendAsync(new GoAway(GoAwayReason.Shutdown, TimeSpan.Zero, $"127.0.0.1:{_second.Port}", "Going."));
        using (var there = (await _second.AcceptLoginAsync()).Control)
            there.Socket.Close(0);
        using var back = (await _first.AcceptLoginAsync()).Control;
    }

    [Theory]
    [InlineData("127.0.0.1:1")]
    [InlineData("no address")]
    public async Task RunAsync_SentToAHostThatIsNotThere_GoesToTheGivenServer(string host)
    {
        await using var client = new RunningClient(_first.Port, time: new FastTime(20), standby: false);
        using (var control = (await _first.AcceptLoginAsync()).Control)
            await control.SendAsync(new GoAway(GoAwayReason.Shutdown, TimeSpan.Zero, host, "Going."));
        using var back = (await _first.AcceptLoginAsync()).Control;
    }

    [Fact]
    public async Task RunAsync_GivenServerIsAway_LogsInAtANodeThatItKnows()
    {
        await using var client = new RunningClient(_first.Port, time: new FastTime(20), standby: false);
        using (var control = await LogInAsync())
        {
            _first.Dispose();
            control.Socket.Close(0);
        }
        using var there = (await _second.AcceptLoginAsync()).Control;
    }

    [Fact]
    public async Task RunAsync_WithoutStandby_ConnectsToNoOtherNode()
    {
        await using var client = new RunningClient(_first.Port, standby: false);
        using var control = await LogInAsync();
        await control.SendAsync(new Ping(1));
        while ((await control.ReadAsync()).Type != FrameType.Pong)
        {
        }
        Assert.Equal($"127.0.0.1:{_first.Port}", client.Status.Snapshot().Node);
        Assert.False(_second.HasConnections);
    }

    [Fact]
    public async Task RunAsync_NodeNamesItsOwnAddress_DataChannelsGoThere()
    {
        await using RunningClient client = Start();
        var (control, _) = await _first.AcceptControlAsync();
        using (control)
        {
            ServerHello hello = _first.NextHello(poolSize: 1) with { ChannelAddress = $"127.0.0.1:{_second.Port}" };
            await control.SendAsync(hello);
            var (channel, first) = await _second.AcceptAsync();
            using (channel)
                Assert.Equal(new DataHello(hello.SessionId, hello.ChannelSecret), first.Read<DataHello>());
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("nowhere")]
    [InlineData("user@a:1")]
    [InlineData("a:1/path")]
    [InlineData("a:0")]
    [InlineData("a:70000")]
    public void Read_WhatIsNoAddress_IsNull(string address) => Assert.Null(ServerAddress.Read(address));

    [Theory]
    [InlineData("a.example.com:9999", "a.example.com", 9999)]
    [InlineData("[2001:db8::1]:1", "2001:db8::1", 1)]
    public void Read_Address_HasHostAndPort(string address, string host, int port) => Assert.Equal((host, port), ServerAddress.Read(address));

    public void Dispose()
    {
        _first.Dispose();
        _second.Dispose();
    }

    private RunningClient Start(TimeProvider? time = null) => new(_first.Port, time: time);

    private static NodePlace Place(ScriptedServer server, bool isThis) => new(isThis, $"127.0.0.1:{server.Port}", "");

    private Nodes Both() => new([Place(_first, isThis: true), Place(_second, isThis: false)]);

    // Logged in at the first, which tells of both.
    private async Task<ScriptedServer.Connection> LogInAsync()
    {
        var (control, _) = await _first.AcceptControlAsync();
        await control.SendAsync(_first.NextHello());
        await control.SendAsync(Both());
        return control;
    }
}
