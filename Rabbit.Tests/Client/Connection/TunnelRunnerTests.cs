using Microsoft.Extensions.Logging.Abstractions;
using Rabbit.Client.Commands;
using Rabbit.Client.Connection;
using Rabbit.Client.Trust;
using Rabbit.Protocol.Credentials;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Messages;
using Rabbit.Tests.Support;
using Xunit;
using LocalService = Rabbit.Tests.Support.LocalService;

namespace Rabbit.Tests.Client.Connection;

/// <summary>The client's life against a server that follows a script.</summary>
public sealed class TunnelRunnerTests : IAsyncDisposable
{
    private readonly ScriptedServer _server = new();
    private readonly TempDirectory _home = new();
    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;

    [Fact]
    [Trait("Property", "P42")]
    public async Task RunAsync_HeartbeatAnswered_StaysAndAnswersTheServersOwn()
    {
        Start(new FastTime(50)); // 15 s pass in 0.3 s, and 45 s in 0.9 s.
        using var control = (await _server.AcceptLoginAsync()).Control;
        for (int beat = 1; beat <= 5; beat++)
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
        Start(new FastTime(50));
        using var silent = (await _server.AcceptLoginAsync()).Control;
        var (again, hello) = await _server.AcceptLoginAsync();
        using (again)
        {
            Assert.Equal(1UL, hello.LastEpoch);
            Assert.NotEqual(Guid.Empty, hello.LastSessionId);
            Assert.False(hello.Yield);
        }
        while (await silent.ReadOrEndAsync() is { } frame)
            Assert.Equal(FrameType.Ping, frame.Type);
    }

    [Fact]
    [Trait("Property", "P40")]
    public async Task RunAsync_Superseded_ComesBackOnlyToYield()
    {
        Start(new FastTime(50));
        using var control = (await _server.AcceptLoginAsync()).Control;
        await control.SendAsync(new GoAway(GoAwayReason.Superseded, TimeSpan.Zero, "", "Another client took over."));
        var (again, hello) = await _server.AcceptLoginAsync();
        using (again)
            Assert.True(hello.Yield);
    }

    [Fact]
    public async Task RunAsync_Revoked_EndsWithTheServersSentence()
    {
        Start(new FastTime(1));
        using var control = (await _server.AcceptLoginAsync()).Control;
        await control.SendAsync(new GoAway(GoAwayReason.Revoked, TimeSpan.Zero, "", "The token was revoked."));
        var failed = await Assert.ThrowsAsync<TunnelFailedException>(() => _running);
        Assert.Equal("The token was revoked.", failed.Message);
        _running = Task.CompletedTask;
    }

    [Fact]
    [Trait("Property", "P42")]
    public async Task RunAsync_TwentyReconnections_LeaveNoConnectionOpen()
    {
        Start(new FastTime(50));
        var earlier = new List<ScriptedServer.Connection>();
        for (int round = 0; round < 20; round++)
        {
            using var control = (await _server.AcceptLoginAsync(poolSize: 2)).Control;
            for (int channel = 0; channel < 2; channel++)
            {
                var (opened, first) = await _server.AcceptAsync();
                Assert.Equal(FrameType.DataHello, first.Type);
                earlier.Add(opened);
            }
        }
        using (var last = (await _server.AcceptLoginAsync(poolSize: 0)).Control)
        {
            foreach (ScriptedServer.Connection channel in earlier)
            {
                Assert.Null(await channel.ReadOrEndAsync());
                channel.Dispose();
            }
        }
        await _stop.CancelAsync();
        await _running;
    }

    [Fact]
    [Trait("Property", "P46")]
    public async Task RunAsync_LocalServiceRefuses_SaysSoOnTheChannel()
    {
        Start(new FastTime(1), LocalService.RefusingPort());
        using var control = (await _server.AcceptLoginAsync(poolSize: 1)).Control;
        var (channel, _) = await _server.AcceptAsync();
        using (channel)
        {
            await channel.SendAsync(new Start(1, "192.0.2.1", 5));
            Refused refused = (await channel.ReadAsync()).Read<Refused>();
            Assert.Equal(RefusedReason.ConnectionRefused, refused.Reason);
            Assert.Contains("refuses", refused.Sentence, StringComparison.Ordinal);
            Assert.Null(await channel.ReadOrEndAsync());
        }
    }

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\n\r\n")]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n")]
    public async Task RunAsync_SomethingElseAnswers_EndsAtFirstButNotLater(string answer)
    {
        await using var stranger = new LocalService(async (socket, cancellationToken) =>
        {
            await socket.SendAllAsync(System.Text.Encoding.ASCII.GetBytes(answer), cancellationToken);
            await socket.ReadToEndAsync(cancellationToken);
        });
        var failed = await Assert.ThrowsAsync<TunnelFailedException>(() => Run(new FastTime(1), stranger.Port));
        Assert.Contains($"127.0.0.1:{stranger.Port}", failed.Message, StringComparison.Ordinal);

        Start(new FastTime(50));
        (await _server.AcceptLoginAsync()).Control.Dispose();
        var (connection, _) = await _server.AcceptAsync();
        await connection.Socket.SendAllAsync(answer);
        connection.Dispose();
        (await _server.AcceptLoginAsync()).Control.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _server.Dispose();
        _home.Dispose();
        _stop.Dispose();
    }

    private void Start(TimeProvider time, int localPort = 1) => _running = Run(time, _server.Port, localPort);

    private Task Run(TimeProvider time, int serverPort, int localPort = 1)
    {
        var options = new ConnectOptions(
            TokenText.Create(), "127.0.0.1", serverPort, "127.0.0.1", localPort, Fingerprint: null, CaFile: null, Plaintext: true, "test");
        var trust = new ServerTrust(options, new KnownServers(_home.File("known_servers")), NullLogger.Instance);
        return new TunnelRunner(options, trust, time, NullLogger.Instance).RunAsync(_stop.Token);
    }
}
