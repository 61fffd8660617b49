using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Rabbit.Persistence.Model;
using Rabbit.Tests.Support;
using Rabbit.Tunneling.State;
using Xunit;

namespace Rabbit.Tests.EndToEnd;

/// <summary>What becomes of a visitor's bytes, through the server and tunnel-client under TLS.</summary>
public sealed class StreamTests(RunningServer running) : IClassFixture<RunningServer>
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    [Fact]
    [Trait("Property", "P30")]
    public async Task ServiceSpeaksFirst_AThousandTimes_LosesNoByte()
    {
        const int Times = 1000;
        byte[] greeting = Encoding.ASCII.GetBytes("220 ready when you are\r\n");
        await using LocalService service = LocalService.SpeaksFirst(greeting);
        TestToken token = await running.Server.CreateTokenAsync();
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(running.Server, token, service.Port);

        for (int i = 0; i < Times; i++)
        {
            using Socket visitor = await SocketConversation.ConnectAsync(token.Port);
            Assert.Equal(greeting, await visitor.ReadToEndAsync());
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Property", "P33")]
    public async Task OneGigabyte_FromEitherSide_ArrivesWholeAndIsCounted(bool fromVisitor)
    {
        const long Length = 1_000_000_000;
        string? heard = null;
        await using var service = new LocalService(async (socket, cancellationToken) =>
        {
            if (fromVisitor)
            {
                var (hash, read) = await Bulk.ReceiveAsync(socket, cancellationToken);
                if (read == 0)
                    return; // tunnel-client, to see whether the service is there.
                heard = hash;
                await socket.SendAllAsync(Encoding.ASCII.GetBytes(hash), cancellationToken);
                socket.Shutdown(SocketShutdown.Send);
            }
            else
            {
                if (await socket.ReceiveAsync(new byte[1], cancellationToken) == 0)
                    return;
                heard = await Bulk.SendAsync(socket, Length, cancellationToken);
                socket.Shutdown(SocketShutdown.Send);
                await socket.ReadToEndAsync(cancellationToken);
            }
        });
        TestToken token = await running.Server.CreateTokenAsync();
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(running.Server, token, service.Port);
        using Socket visitor = await SocketConversation.ConnectAsync(token.Port);

        if (fromVisitor)
        {
            string sent = await Bulk.SendAsync(visitor, Length, TestContext.Current.CancellationToken);
            visitor.Shutdown(SocketShutdown.Send);
            Assert.Equal(sent, Encoding.ASCII.GetString(await visitor.ReadToEndAsync(TimeSpan.FromMinutes(2))));
            Assert.Equal(sent, heard);
        }
        else
        {
            await visitor.SendAllAsync("!");
            visitor.Shutdown(SocketShutdown.Send);
            var (hash, read) = await Bulk.ReceiveAsync(visitor, TestContext.Current.CancellationToken);
            Assert.Equal(Length, read);
            Assert.Equal(heard, hash);
        }

        ConnectionLogRow visit = await FinishedVisitAsync(token.Port);
        Assert.Equal(ConnectionStatus.Closed, visit.Status);
        Assert.Equal(fromVisitor ? Length : 1, visit.BytesFromVisitor);
        Assert.Equal(fromVisitor ? SHA256.HashSizeInBytes * 2 : Length, visit.BytesToVisitor);
        Assert.Equal("127.0.0.1", visit.VisitorAddress);
        Assert.Equal(((IPEndPoint)visitor.LocalEndPoint!).Port, visit.VisitorPort);
    }

    [Fact]
    [Trait("Property", "P31")]
    public async Task VisitorClosesItsDirection_WhileItReadsNothing_TheServiceHearsTheEndAndItsAnswerArrives()
    {
        // More than all buffers on the way hold, so that the answer is stuck until the visitor reads.
        const long Answer = 200_000_000;
        var ended = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var service = new LocalService(async (socket, cancellationToken) =>
        {
            if (await socket.ReceiveAsync(new byte[1], cancellationToken) == 0)
                return;
            Task<string> answering = Bulk.SendAsync(socket, Answer, cancellationToken);
            ended.SetResult(Encoding.ASCII.GetString(await socket.ReadToEndAsync(cancellationToken)));
            await answering;
            socket.Shutdown(SocketShutdown.Send);
        });
        TestToken token = await running.Server.CreateTokenAsync();
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(running.Server, token, service.Port);
        using Socket visitor = await SocketConversation.ConnectAsync(token.Port);
        await visitor.SendAllAsync("!last words");
        visitor.Shutdown(SocketShutdown.Send);

        Assert.Equal("last words", await ended.Task.WaitAsync(Soon, TestContext.Current.CancellationToken));
        var (_, read) = await Bulk.ReceiveAsync(visitor, TestContext.Current.CancellationToken);
        Assert.Equal(Answer, read);
    }

    [Fact]
    [Trait("Property", "P31")]
    public async Task ServiceClosesItsDirection_WhileItReadsNothing_TheVisitorHearsTheEndAndItsBytesArrive()
    {
        const long Upload = 200_000_000;
        var mayRead = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var uploaded = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var service = new LocalService(async (socket, cancellationToken) =>
        {
            if (await socket.ReceiveAsync(new byte[1], cancellationToken) == 0)
                return;
            await socket.SendAllAsync("last words"u8.ToArray(), cancellationToken);
            socket.Shutdown(SocketShutdown.Send);
            await mayRead.Task;
            uploaded.SetResult((await Bulk.ReceiveAsync(socket, cancellationToken)).Length);
        });
        TestToken token = await running.Server.CreateTokenAsync();
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(running.Server, token, service.Port);
        using Socket visitor = await SocketConversation.ConnectAsync(token.Port);
        await visitor.SendAllAsync("!");
        Task<string> uploading = Bulk.SendAsync(visitor, Upload, TestContext.Current.CancellationToken);

        Assert.Equal("last words", Encoding.ASCII.GetString(await visitor.ReadToEndAsync(Soon)));
        Assert.False(uploading.IsCompleted, "The upload fits into the buffers on the way; make it larger.");
        mayRead.SetResult();
        await uploading.WaitAsync(Soon, TestContext.Current.CancellationToken);
        visitor.Shutdown(SocketShutdown.Send);
        Assert.Equal(Upload, await uploaded.Task.WaitAsync(Soon, TestContext.Current.CancellationToken));
    }

    [Fact]
    [Trait("Property", "P31")]
    public async Task VisitorResets_ReachesTheServiceAsAReset()
    {
        var ended = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var service = new LocalService(async (socket, cancellationToken) =>
        {
            if (await socket.ReceiveAsync(new byte[1], cancellationToken) == 0)
                return;
            await socket.SendAllAsync("?"u8.ToArray(), cancellationToken);
            ended.SetResult(await socket.EndsWithResetAsync(Soon));
        });
        TestToken token = await running.Server.CreateTokenAsync();
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(running.Server, token, service.Port);
        using Socket visitor = await SocketConversation.ConnectAsync(token.Port);
        await visitor.SendAllAsync("!");
        await visitor.ReadExactlyAsync(1);

        visitor.Reset();
        Assert.True(await ended.Task.WaitAsync(Soon, TestContext.Current.CancellationToken), "The service saw a clean end.");
        ConnectionLogRow visit = await FinishedVisitAsync(token.Port);
        Assert.Equal(ConnectionStatus.Error, visit.Status);
        Assert.Equal((1, 1), (visit.BytesFromVisitor, visit.BytesToVisitor));
    }

    [Fact]
    [Trait("Property", "P31")]
    public async Task ServiceResets_ReachesTheVisitorAsAReset()
    {
        await using var service = new LocalService(async (socket, cancellationToken) =>
        {
            if (await socket.ReceiveAsync(new byte[1], cancellationToken) == 0)
                return;
            socket.Reset();
        });
        TestToken token = await running.Server.CreateTokenAsync();
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(running.Server, token, service.Port);
        using Socket visitor = await SocketConversation.ConnectAsync(token.Port);
        await visitor.SendAllAsync("!");

        Assert.True(await visitor.EndsWithResetAsync(Soon), "The visitor saw a clean end.");
        Assert.Equal(ConnectionStatus.Error, (await FinishedVisitAsync(token.Port)).Status);
    }

    [Fact]
    [Trait("Property", "P46")]
    public async Task ServiceRefuses_TheVisitorIsToldAtOnce()
    {
        TestToken token = await running.Server.CreateTokenAsync();
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(running.Server, token, LocalService.RefusingPort());

        long started = TimeProvider.System.GetTimestamp();
        using Socket visitor = await SocketConversation.ConnectAsync(token.Port);
        await visitor.SendAllAsync("GET / HTTP/1.1\r\nHost: here\r\n\r\n");
        string answer = Encoding.ASCII.GetString(await visitor.ReadToEndAsync());
        Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(1), "It took longer than a second.");
        Assert.StartsWith("HTTP/1.1 502 Bad Gateway\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("its local service refused the connection.", answer, StringComparison.Ordinal);
        Assert.Equal(ConnectionStatus.Refused, (await FinishedVisitAsync(token.Port)).Status);
    }

    private async Task<ConnectionLogRow> FinishedVisitAsync(int port) => Assert.Single(await Eventually.BecomesAsync(
        () => running.Installation.VisitsAsync(port), rows => rows is [{ Status: not ConnectionStatus.Active }], Soon, "one visit is on record and over"));
}
