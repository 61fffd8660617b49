using System.Net.Sockets;
using System.Text;
using Rabbit.Tests.Support;
using Rabbit.Tunneling.Cluster;
using Rabbit.Tunneling.State;
using Xunit;

namespace Rabbit.Tests.Tunneling.Cluster;

/// <summary>What becomes of a visitor's bytes where its client is connected to another node.</summary>
public sealed class ForwardStreamTests : IAsyncLifetime
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    private readonly ForwardCluster _cluster = new();
    private ForwardNode _owner = null!;
    private ForwardNode _ingress = null!;
    private TokenRecord _token = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _owner = await _cluster.StartAsync("owner");
        // Sweeps often enough that a test sees many.
        _ingress = await _cluster.StartAsync("ingress", options => options.HeartbeatInterval = TimeSpan.FromSeconds(0.25));
        _token = _cluster.CreateToken();
    }

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task VisitorEndsItsDirection_TheServiceHearsTheEnd_AndItsAnswerArrives()
    {
        var heard = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var service = new LocalService(async (socket, cancellationToken) =>
        {
            string said = Encoding.ASCII.GetString(await socket.ReadToEndAsync(cancellationToken));
            if (said.Length == 0)
                return; // The client, to see whether the service is there.
            heard.SetResult(said);
            await socket.SendAllAsync("the answer"u8.ToArray(), cancellationToken);
            socket.Shutdown(SocketShutdown.Send);
        });
        await using ForwardClient client = await ConnectAsync(service);
        using Socket visitor = await _ingress.VisitAsync(_token);
        await visitor.SendAllAsync("last words");
        visitor.Shutdown(SocketShutdown.Send);

        Assert.Equal("last words", await heard.Task.WaitAsync(Soon, Cancellation));
        Assert.Equal("the answer", Encoding.ASCII.GetString(await visitor.ReadToEndAsync(Soon)));
    }

    [Fact]
    public async Task ServiceEndsItsDirection_TheVisitorHearsTheEnd_AndItsBytesArrive()
    {
        var heard = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var service = new LocalService(async (socket, cancellationToken) =>
        {
            await socket.SendAllAsync("welcome"u8.ToArray(), cancellationToken);
            socket.Shutdown(SocketShutdown.Send);
            string said = Encoding.ASCII.GetString(await socket.ReadToEndAsync(cancellationToken));
            if (said.Length > 0)
                heard.SetResult(said);
        });
        await using ForwardClient client = await ConnectAsync(service);
        using Socket visitor = await _ingress.VisitAsync(_token);

        Assert.Equal("welcome", Encoding.ASCII.GetString(await visitor.ReadToEndAsync(Soon)));
        await visitor.SendAllAsync("still here");
        visitor.Shutdown(SocketShutdown.Send);
        Assert.Equal("still here", await heard.Task.WaitAsync(Soon, Cancellation));
    }

    [Fact]
    public async Task VisitorResets_ReachesTheServiceAsAReset()
    {
        var ended = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var service = new LocalService(async (socket, cancellationToken) =>
        {
            if (await socket.ReceiveAsync(new byte[1], cancellationToken) == 0)
                return;
            await socket.SendAllAsync("!"u8.ToArray(), cancellationToken);
            ended.SetResult(await socket.EndsWithResetAsync(Soon));
        });
        await using ForwardClient client = await ConnectAsync(service);
        Socket visitor = await _ingress.VisitAsync(_token);
        await visitor.SendAllAsync("!");
        await visitor.ReadExactlyAsync(1);
        visitor.Reset();

        Assert.True(await ended.Task.WaitAsync(Soon, Cancellation), "The service saw an end, not a reset.");
    }

    [Fact]
    public async Task ServiceResets_ReachesTheVisitorAsAReset()
    {
        await using var service = new LocalService(async (socket, cancellationToken) =>
        {
            if (await socket.ReceiveAsync(new byte[1], cancellationToken) > 0)
                socket.Reset();
        });
        await using ForwardClient client = await ConnectAsync(service);
        using Socket visitor = await _ingress.VisitAsync(_token);
        await visitor.SendAllAsync("!");

        Assert.True(await visitor.EndsWithResetAsync(Soon), "The visitor saw an end, not a reset.");
    }

    [Fact]
    public async Task ServiceReadsNothing_StopsTheVisitor_AndLosesNothingAfterwards()
    {
        // Three hops hold 4 MiB in each of two kernels' buffers, and the first bytes.
        const long Most = 64 * 1024 * 1024;
        var mayRead = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var heard = new TaskCompletionSource<(string Hash, long Length)>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var service = new LocalService(async (socket, cancellationToken) =>
        {
            if (await socket.ReceiveAsync(new byte[1], SocketFlags.Peek, cancellationToken) == 0)
                return;
            await mayRead.Task;
            heard.SetResult(await Bulk.ReceiveAsync(socket, cancellationToken));
        });
        await using ForwardClient client = await ConnectAsync(service);
        using Socket visitor = await _ingress.VisitAsync(_token);
        Task<string> sending = Bulk.SendAsync(visitor, 4 * Most, Cancellation);
        long before = -1;
        long stuckAt = await Eventually.BecomesAsync(
            () => CarriedFromVisitors(),
            now =>
            {
                bool isStuck = now > 0 && now == before;
                before = now;
                return isStuck;
            },
            Soon, "the visitor is stopped");

        Assert.InRange(stuckAt, 1, Most);
        Assert.False(sending.IsCompleted);
        mayRead.SetResult();
        string sent = await sending.WaitAsync(TimeSpan.FromMinutes(2), Cancellation);
        visitor.Shutdown(SocketShutdown.Send);
        Assert.Equal((sent, 4 * Most), await heard.Task.WaitAsync(Soon, Cancellation));
    }

    [Fact]
    public async Task AThousandStreams_AtOnce_EachGetsItsOwnBytes()
    {
        const int Streams = 1000;
        await using LocalService service = LocalService.Echo();
        await using ForwardClient client = await ConnectAsync(service);
        Socket[] visitors = await Task.WhenAll(Enumerable.Range(0, Streams).Select(_ => _ingress.VisitAsync(_token)));
        try
        {
            await Task.WhenAll(visitors.Select(async (visitor, number) =>
            {
                byte[] word = Encoding.ASCII.GetBytes($"visitor {number:0000}");
                await visitor.SendAllAsync(word, Cancellation);
                Assert.Equal(Encoding.ASCII.GetString(word), Encoding.ASCII.GetString(await visitor.ReadExactlyAsync(word.Length, TimeSpan.FromMinutes(2))));
            }));
            Assert.Equal(Streams, _owner.Get<ForwardedVisitors>().Count);
        }
        finally
        {
            foreach (Socket visitor in visitors)
                visitor.Dispose();
        }
        await Eventually.BecomesAsync(() => _owner.Get<ForwardedVisitors>().Count, count => count == 0, Soon, "none is served any more");
    }

    [Fact]
    public async Task IdleStream_ForManyHeartbeats_IsNotCut()
    {
        await using LocalService service = LocalService.Echo();
        await using ForwardClient client = await ConnectAsync(service);
        using Socket visitor = await _ingress.VisitAsync(_token);
        await visitor.SendAllAsync("a");
        await visitor.ReadExactlyAsync(1);
        // Nothing happens on it, so that there is nothing to wait for: more than the link's silence, and many sweeps.
        await Task.Delay(TimeSpan.FromSeconds(5), Cancellation);
        await visitor.SendAllAsync("b");
        Assert.Equal("b", Encoding.ASCII.GetString(await visitor.ReadExactlyAsync(1)));
        // Where nobody came for a while, no stream is kept ready; who comes then is served all the same.
        Assert.Equal(0, _ingress.SessionOf(_token)!.ReadyChannels);
        using Socket later = await _ingress.VisitAsync(_token);
        await later.SendAllAsync("c");
        Assert.Equal("c", Encoding.ASCII.GetString(await later.ReadExactlyAsync(1)));
    }

    [Fact]
    public async Task ServiceRefuses_TheVisitorIsToldAsOnOneNode()
    {
        await using LocalService service = LocalService.Echo();
        await using ForwardClient client = await ConnectAsync(LocalService.RefusingPort());
        using Socket visitor = await _ingress.VisitAsync(_token);
        await visitor.SendAllAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 502", Encoding.ASCII.GetString(await visitor.ReadToEndAsync(Soon)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task StaleRoute_TheFormerOwnerRefuses_AndTheVisitorsBytesReachTheNext()
    {
        ForwardNode next = await _cluster.StartAsync("next");
        await using LocalService service = LocalService.Echo();
        await using LocalService other = LocalService.SpeaksFirst("from the next: "u8.ToArray());
        await using ForwardClient client = await ConnectAsync(service);
        _ingress.View.IsDeaf = true;
        await using ForwardClient newer = await ForwardClient.ConnectAsync(_cluster, _token, next, other.Port);
        await ForwardCluster.FollowsAsync(_owner, _token, next);

        using Socket visitor = await _ingress.VisitAsync(_token);
        await visitor.SendAllAsync("hello");
        await Eventually.BecomesAsync(() => _ingress.SessionOf(_token) is null, isLost => isLost, Soon, "the former owner has refused");
        _ingress.View.IsDeaf = false;
        Assert.Equal("from the next: ", Encoding.ASCII.GetString(await visitor.ReadToEndAsync(Soon)));
        Assert.Equal(0, _owner.Get<ForwardedVisitors>().Count);
    }

    [Fact]
    public async Task OwnerStops_WaitsForForwardedVisitors()
    {
        ForwardNode stopping = await _cluster.StartAsync("stopping", options => options.DrainLimit = TimeSpan.FromSeconds(30));
        TokenRecord token = _cluster.CreateToken();
        await using LocalService service = LocalService.Echo();
        await using ForwardClient client = await ForwardClient.ConnectAsync(_cluster, token, stopping, service.Port);
        await ForwardCluster.FollowsAsync(_ingress, token, stopping);
        using Socket visitor = await _ingress.VisitAsync(token);
        await visitor.SendAllAsync("a");
        await visitor.ReadExactlyAsync(1);

        Task stopped = stopping.DisposeAsync().AsTask();
        await Eventually.BecomesAsync(() => _ingress.SessionOf(token) is null, isGone => isGone, Soon, "the owner has let go");
        await visitor.SendAllAsync("b");
        Assert.Equal("b", Encoding.ASCII.GetString(await visitor.ReadExactlyAsync(1)));
        Assert.False(stopped.IsCompleted, "The owner did not wait.");
        visitor.Shutdown(SocketShutdown.Send);
        Assert.Empty(await visitor.ReadToEndAsync(Soon));
        await stopped.WaitAsync(Soon, Cancellation);
    }

    private long CarriedFromVisitors() => _ingress.Get<Rabbit.Tunneling.Sessions.TunnelRegistry>().ListVisitors(_token.TokenId, 1).Sum(visitor => visitor.BytesFromVisitor);

    private Task<ForwardClient> ConnectAsync(LocalService service) => ConnectAsync(service.Port);

    private async Task<ForwardClient> ConnectAsync(int localPort)
    {
        ForwardClient client = await ForwardClient.ConnectAsync(_cluster, _token, _owner, localPort);
        await ForwardCluster.FollowsAsync(_ingress, _token, _owner);
        return client;
    }
}
