using Rabbit.Client.Connection;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Messages;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Client.Connection;

/// <summary>The client's life against a server that follows a script.</summary>
public sealed class TunnelRunnerTests : IDisposable
{
    private readonly ScriptedServer _server = new();

    [Fact]
    [Trait("Property", "P42")]
    public async Task RunAsync_HeartbeatAnswered_StaysAndAnswersTheServersOwn()
    {
        await using RunningClient client = Start(new FastTime(20)); // 30 s pass in 1.5 s, and 90 s in 4.5 s.
        using var control = await AcceptWithLongTimesAsync();
        for (int beat = 1; beat <= 4; beat++)
        {
            ulong number = (await control.ReadAsync()).Read<Ping>().Number;
            await control.SendAsync(new Pong(number));
        }
        await control.SendAsync(new Ping(4711));
        Frame answer;
        while ((answer = await control.ReadAsync()).Type != FrameType.Pong)
            await control.SendAsync(new Pong(answer.Read<Ping>().Number));
        Assert.Equal(4711UL, answer.Read<Pong>().Number);
    }

    [Fact]
    [Trait("Property", "P42")]
    public async Task RunAsync_ServerFallsSilent_ComesBackAndSaysWhichSessionItHad()
    {
        await using RunningClient client = Start(new FastTime(20));
        Task said = client.NextLineAsync("nothing heard for 45 s");
        using var silent = (await _server.AcceptLoginAsync()).Control;
        var (again, hello) = await _server.AcceptLoginAsync();
        using (again)
        {
            Assert.Equal(1UL, hello.LastEpoch);
            Assert.NotEqual(Guid.Empty, hello.LastSessionId);
            Assert.False(hello.Yield);
        }
        await said.WaitAsync(TestContext.Current.CancellationToken);
        while (await silent.ReadOrEndAsync() is { } frame)
            Assert.Equal(FrameType.Ping, frame.Type);
    }

    [Fact]
    [Trait("Property", "P42")]
    public async Task RunAsync_ServerNotThereYet_KeepsTryingAndSaysWhy()
    {
        int port = ReservedPorts.Take(1);
        await using var client = new RunningClient(port);
        await client.NextLineAsync($"nothing listens at 127.0.0.1:{port}").WaitAsync(TestContext.Current.CancellationToken);
        Task up = client.NextLineAsync("Tunnel is up");
        using var server = new ScriptedServer(port);
        using var control = (await server.AcceptLoginAsync()).Control;
        await up.WaitAsync(TestContext.Current.CancellationToken);
        Assert.DoesNotContain(client.Log, line => line.Contains("is back", StringComparison.Ordinal));
    }

    [Fact]
    [Trait("Property", "P42")]
    public async Task RunAsync_AHundredReconnections_LeaveNoConnectionOpen()
    {
        RunningClient client = Start();
        await using (client)
        {
            var earlier = new List<ScriptedServer.Connection>();
            for (int round = 0; round < 100; round++)
            {
                using var control = (await _server.AcceptLoginAsync(poolSize: 2)).Control;
                earlier.Add(await _server.AcceptChannelAsync());
                earlier.Add(await _server.AcceptChannelAsync());
            }
            using var last = (await _server.AcceptLoginAsync()).Control;
            foreach (ScriptedServer.Connection channel in earlier)
            {
                Assert.Null(await channel.ReadOrEndAsync());
                channel.Dispose();
            }
        }
        // It waits for every task that it has started before it ends.
        Assert.True(client.Completion.IsCompletedSuccessfully);
    }

    [Fact]
    [Trait("Property", "P42")]
    public async Task RunAsync_SentAwayToComeBackAtOnce_DoesSoWithinATenthOfASecond_AndTriesOnWithTheUsualPauses()
    {
        await using var client = new RunningClient(_server.Port, time: new FastTime(20), jitter: 1);
        using (var control = await AcceptWithLongTimesAsync())
        {
            await control.ReadAsync(); // The first ping leaves at once.
            await control.ReadAsync(); // The second: the session is older than a second.
            Task atOnce = client.NextLineAsync("Moving; trying again in 0.1 s");
            await control.SendAsync(new GoAway(GoAwayReason.Shutdown, TimeSpan.Zero, "", "Moving."));
            await atOnce.WaitAsync(TestContext.Current.CancellationToken);
        }
        Task firstPause = client.NextLineAsync("trying again in 0.5 s");
        (await _server.AcceptControlAsync()).Control.Dispose();
        await firstPause.WaitAsync(TestContext.Current.CancellationToken);
        using var back = (await _server.AcceptLoginAsync()).Control;
    }

    [Fact]
    [Trait("Property", "P42")]
    public async Task RunAsync_ServerSaysItsOwnTimes_TheClientFollowsThem()
    {
        await using RunningClient client = Start();
        Task said = client.NextLineAsync("nothing heard for 1 s");
        using var control = (await _server.AcceptControlAsync()).Control;
        await control.SendAsync(_server.NextHello() with { Heartbeat = TimeSpan.FromSeconds(0.2), DeadAfter = TimeSpan.FromSeconds(1) });
        Assert.Equal(FrameType.Ping, (await control.ReadAsync()).Type);
        Assert.Equal(FrameType.Ping, (await control.ReadAsync()).Type);
        await said.WaitAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    [Trait("Property", "P40")]
    public async Task RunAsync_Superseded_ComesBackAfterHalfAMinuteAndOnlyToYield()
    {
        await using RunningClient client = Start(new FastTime(20));
        using var control = (await _server.AcceptLoginAsync()).Control;
        Task said = client.NextLineAsync("Another client took over; trying again in 30.0 s");
        await control.SendAsync(new GoAway(GoAwayReason.Superseded, TimeSpan.Zero, "", "Another client took over."));
        var (again, hello) = await _server.AcceptLoginAsync();
        using (again)
            Assert.True(hello.Yield);
        await said.WaitAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    [Trait("Property", "P40")]
    public async Task RunAsync_SupersededAndTheServerRestarts_YieldsUntilItGetsIn()
    {
        await using RunningClient client = Start(new FastTime(20));
        using (var control = (await _server.AcceptLoginAsync()).Control)
            await control.SendAsync(new GoAway(GoAwayReason.Superseded, TimeSpan.Zero, "", "Another client took over."));
        (await _server.AcceptControlAsync()).Control.Dispose();
        var (back, hello) = await _server.AcceptLoginAsync();
        Assert.True(hello.Yield);
        back.Dispose();
        (back, hello) = await _server.AcceptLoginAsync();
        Assert.False(hello.Yield);
        back.Dispose();
    }

    [Theory]
    [InlineData(GoAwayReason.Revoked)]
    [InlineData(GoAwayReason.Expired)]
    public async Task RunAsync_SentAwayForGood_EndsWithTheServersSentence(GoAwayReason reason)
    {
        await using RunningClient client = Start();
        using var control = (await _server.AcceptLoginAsync()).Control;
        await control.SendAsync(new GoAway(reason, TimeSpan.Zero, "", "The token is\u001b[2J gone."));
        var failed = await Assert.ThrowsAsync<TunnelFailedException>(() => client.Completion);
        Assert.Equal("The token is\uFFFD[2J gone.", failed.Message);
    }

    [Fact]
    public async Task RunAsync_RejectedForGood_EndsWithTheServersSentence()
    {
        await using RunningClient client = Start();
        var (control, _) = await _server.AcceptControlAsync();
        await control.SendAsync(new Reject(RejectCode.InvalidToken, Retryable: false, TimeSpan.Zero, "Copy it again."));
        var failed = await Assert.ThrowsAsync<TunnelFailedException>(() => client.Completion);
        Assert.Equal("Copy it again.", failed.Message);
        control.Dispose();
    }

    [Fact]
    public async Task RunAsync_RejectedForNow_ComesBackAfterTheTimeThatWasAsked()
    {
        await using RunningClient client = Start(new FastTime(20));
        Task said = client.NextLineAsync("Come back; trying again in 20.0 s");
        using (var control = (await _server.AcceptControlAsync()).Control)
            await control.SendAsync(new Reject(RejectCode.Unavailable, Retryable: true, TimeSpan.FromSeconds(20), "Come back."));
        await said.WaitAsync(TestContext.Current.CancellationToken);
        using var back = (await _server.AcceptLoginAsync()).Control;
    }

    [Fact]
    public async Task RunAsync_FrameOfANewerServer_IsSkipped()
    {
        await using RunningClient client = Start();
        using var control = (await _server.AcceptLoginAsync()).Control;
        await control.Socket.SendAllAsync("\0\0\0\x03\x7fnew");
        await control.SendAsync(new Ping(5));
        Assert.Equal(5UL, (await control.ReadAsync()).Read<Pong>().Number);
    }

    [Fact]
    public async Task RunAsync_FrameThatDoesNotBelongThere_EndsTheSessionAndComesBack()
    {
        await using RunningClient client = Start();
        using var control = (await _server.AcceptLoginAsync()).Control;
        await control.SendAsync(new Start(1, "192.0.2.1", 5));
        Assert.Null(await control.ReadOrEndAsync());
        using var back = (await _server.AcceptLoginAsync()).Control;
    }

    [Theory]
    [InlineData(0, 45)]
    [InlineData(15, 1)]
    [InlineData(4_000_000, 4_000_000)]
    public async Task RunAsync_HeartbeatThatCannotBe_IsNoRabbitServer(int heartbeat, int deadAfter)
    {
        await using RunningClient client = Start();
        using var control = (await _server.AcceptControlAsync()).Control;
        await control.SendAsync(_server.NextHello() with
        {
            Heartbeat = TimeSpan.FromSeconds(heartbeat),
            DeadAfter = TimeSpan.FromSeconds(deadAfter),
        });
        await Assert.ThrowsAsync<TunnelFailedException>(() => client.Completion);
    }

    [Fact]
    public async Task RunAsync_StoppedWhileTheServerTalks_SaysGoodbyeAndReadsOnUntilThatHasArrived()
    {
        await using RunningClient client = Start();
        using var control = (await _server.AcceptLoginAsync()).Control;
        await control.SendAsync(new Ping(1));
        Assert.Equal(FrameType.Pong, (await control.ReadAsync()).Type); // It has read the greeting: there is a session to leave.

        Task stopped = client.StopAsync();
        Assert.Equal(FrameType.Disconnect, (await control.ReadAsync()).Type);

        // A client that closed now would answer this with a reset, which destroys what the server has not read yet.
        byte[] pings = [.. Enumerable.Range(0, 4096).SelectMany(number => Frame.Encode(new Ping((ulong)number)))];
        for (int sent = 0; sent < 4 * 1024 * 1024; sent += pings.Length)
            await control.Socket.SendAllAsync(pings, TestContext.Current.CancellationToken);
        Assert.Equal(0, await control.Socket.ReceiveAsync(new byte[1], TestContext.Current.CancellationToken));
        control.Dispose();
        await stopped;
    }

    public void Dispose() => _server.Dispose();

    // Half a heartbeat is long enough to be shortened too.
    private async Task<ScriptedServer.Connection> AcceptWithLongTimesAsync()
    {
        var (control, _) = await _server.AcceptControlAsync();
        await control.SendAsync(_server.NextHello() with { Heartbeat = TimeSpan.FromSeconds(30), DeadAfter = TimeSpan.FromSeconds(90) });
        return control;
    }

    private RunningClient Start(TimeProvider? time = null) => new(_server.Port, localPort: 1, time);
}
