using System.Text;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Messages;
using Rabbit.Protocol.Transport;
using Rabbit.Tests.Support;
using Xunit;
using LocalService = Rabbit.Tests.Support.LocalService;

namespace Rabbit.Tests.Client.Connection;

/// <summary>The client's data channels, against a server that follows a script.</summary>
public sealed class DataChannelsTests : IDisposable
{
    private static readonly Start Visitor = new(1, "192.0.2.1", 5);

    private readonly ScriptedServer _server = new();

    [Fact]
    public async Task Open_PoolSizeAndThenMore_OpensThatManyWithTheSessionsSecret()
    {
        await using var client = new RunningClient(_server.Port);
        using var control = (await _server.AcceptControlAsync()).Control;
        ServerHello greeting = _server.NextHello(poolSize: 3);
        await control.SendAsync(greeting);
        await ExpectAsync(3);
        await control.SendAsync(new NeedChannels(5));
        await ExpectAsync(5);

        async Task ExpectAsync(int count)
        {
            for (; count > 0; count--)
            {
                var (channel, first) = await _server.AcceptAsync();
                using (channel)
                    Assert.Equal(new DataHello(greeting.SessionId, greeting.ChannelSecret), first.Read<DataHello>());
            }
        }
    }

    [Fact]
    public async Task Open_ServerCannotBeDialled_IsReportedForEveryChannel()
    {
        await using var client = new RunningClient(_server.Port);
        using var control = (await _server.AcceptControlAsync()).Control;
        await control.SendAsync(_server.NextHello(poolSize: 2) with { ControlPort = (ushort)LocalService.RefusingPort() });
        Assert.Equal(FrameType.Ping, (await control.ReadAsync()).Type);
        for (int channel = 0; channel < 2; channel++)
            Assert.Equal(1, (await control.ReadAsync()).Read<OpenFailed>().Count);
    }

    [Fact]
    [Trait("Property", "P46")]
    public async Task ServeAsync_LocalServiceRefuses_SaysSoOnTheChannel()
    {
        await using var client = new RunningClient(_server.Port, LocalService.RefusingPort());
        using var control = (await _server.AcceptLoginAsync(poolSize: 1)).Control;
        using ScriptedServer.Connection channel = await _server.AcceptChannelAsync();
        await channel.SendAsync(Visitor);
        Refused refused = (await channel.ReadAsync()).Read<Refused>();
        Assert.Equal(RefusedReason.ConnectionRefused, refused.Reason);
        Assert.Contains("refuses", refused.Sentence, StringComparison.Ordinal);
        Assert.Null(await channel.ReadOrEndAsync());
    }

    [Fact]
    [Trait("Property", "P31")]
    public async Task ServeAsync_VisitorEndsItsDirection_TheServicesAnswerStillArrives()
    {
        var heardAll = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var service = new LocalService(async (socket, cancellationToken) =>
        {
            byte[] question = await socket.ReadToEndAsync(cancellationToken);
            if (question.Length == 0)
                return;
            heardAll.SetResult();
            await answer.Task.WaitAsync(cancellationToken);
            await socket.SendAllAsync(Encoding.ASCII.GetBytes($"you said {Encoding.ASCII.GetString(question)}"), cancellationToken);
            socket.Shutdown(System.Net.Sockets.SocketShutdown.Send);
        });
        await using var client = new RunningClient(_server.Port, service.Port);
        using var control = (await _server.AcceptLoginAsync(poolSize: 1)).Control;
        using ScriptedServer.Connection channel = await _server.AcceptChannelAsync();
        // In one packet with Start, as the server sends them.
        byte[] startAndWords = [.. Frame.Encode(Visitor), .. "hello"u8];
        await channel.Socket.SendAllAsync(startAndWords, TestContext.Current.CancellationToken);
        channel.Socket.Shutdown(System.Net.Sockets.SocketShutdown.Send);
        await heardAll.Task.WaitAsync(TestContext.Current.CancellationToken);
        answer.SetResult();

        Assert.Equal(FrameType.Accepted, (await channel.ReadAsync()).Type);
        RelayEnd end = channel.Detach();
        Assert.Equal("you said hello", Encoding.ASCII.GetString(await end.ReadExactlyAsync("you said hello".Length)));
        Assert.Equal(0, await end.ReceiveAsync(new byte[1], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task ServeAsync_SessionEnds_TheVisitorGoesOnAndTheWaitingChannelCloses()
    {
        await using LocalService service = LocalService.Echo();
        await using var client = new RunningClient(_server.Port, service.Port);
        ScriptedServer.Connection control = (await _server.AcceptLoginAsync(poolSize: 2)).Control;
        using ScriptedServer.Connection busy = await _server.AcceptChannelAsync();
        using ScriptedServer.Connection waiting = await _server.AcceptChannelAsync();
        await busy.SendAsync(Visitor);
        Assert.Equal(FrameType.Accepted, (await busy.ReadAsync()).Type);
        control.Dispose();

        Assert.Null(await waiting.ReadOrEndAsync());
        for (int session = 0; session < 2; session++)
            (await _server.AcceptLoginAsync()).Control.Dispose();
        using var last = (await _server.AcceptLoginAsync()).Control;
        await busy.Socket.SendAllAsync("still here");
        Assert.Equal("still here", Encoding.ASCII.GetString(await busy.Detach().ReadExactlyAsync(10)));
    }

    [Fact]
    public async Task ServeAsync_ChannelNoLongerWanted_IsClosedWithoutTouchingTheService()
    {
        await using LocalService service = LocalService.Echo();
        await using var client = new RunningClient(_server.Port, service.Port);
        using var control = (await _server.AcceptLoginAsync(poolSize: 1)).Control;
        using ScriptedServer.Connection channel = await _server.AcceptChannelAsync();
        await channel.SendAsync(new Reject(RejectCode.InvalidChannel, Retryable: false, TimeSpan.Zero, "Too late."));
        Assert.Null(await channel.ReadOrEndAsync());
        await control.SendAsync(new Ping(1));
        Assert.Equal(FrameType.Pong, (await control.ReadAsync()).Type);
        Assert.Equal(0, service.Connections);
    }

    public void Dispose() => _server.Dispose();
}
