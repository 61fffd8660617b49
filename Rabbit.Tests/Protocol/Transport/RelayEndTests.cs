using System.Net.Sockets;
using Rabbit.Protocol.Transport;
using Xunit;

namespace Rabbit.Tests.Protocol.Transport;

public sealed class RelayEndTests
{
    private const int Timeout = 30_000;

    [Theory(Timeout = Timeout)]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Property", "P31")]
    public async Task ShutdownSendAsync_EitherSide_TheOtherDirectionStillFlows(bool server)
    {
        using LoopbackPair pair = await LoopbackPair.CreateAsync();
        var (serverEnd, clientEnd) = await TlsPair.AuthenticateAsync(new SocketEnd(pair.Near), new SocketEnd(pair.Far));
        (TlsEnd first, TlsEnd second) = server ? (serverEnd, clientEnd) : (clientEnd, serverEnd);
        byte[] bytes = new byte[1_000_000];

        await first.ShutdownSendAsync();
        await first.ShutdownSendAsync();
        Assert.Empty(await second.ReceiveToEndAsync());
        Task sending = SendAllAsync(second, bytes, TestContext.Current.CancellationToken);
        Assert.Equal(bytes, await first.ReceiveToEndAsync());
        await sending;
        await first.DisposeAsync();
        await second.DisposeAsync();
    }

    [Fact(Timeout = Timeout)]
    public async Task ShutdownSendAsync_WhileReceiving_DisturbsNeither()
    {
        byte[] bytes = new byte[20_000];
        for (int round = 0; round < 200; round++)
        {
            using LoopbackPair pair = await LoopbackPair.CreateAsync();
            var (near, far) = await TlsPair.AuthenticateAsync(new SocketEnd(pair.Near), new SocketEnd(pair.Far));
            Task<byte[]> nearReceived = near.ReceiveToEndAsync();
            Task<byte[]> farReceived = far.ReceiveToEndAsync();
            await Task.WhenAll(
                Task.Run(() => SendAllAsync(near, bytes, TestContext.Current.CancellationToken), TestContext.Current.CancellationToken),
                Task.Run(() => SendAllAsync(far, bytes, TestContext.Current.CancellationToken), TestContext.Current.CancellationToken));
            Assert.Equal(bytes, await nearReceived);
            Assert.Equal(bytes, await farReceived);
        }
    }

    [Fact(Timeout = Timeout)]
    [Trait("Property", "P31")]
    public async Task EndIsReset_WhileOurOwnDirectionEnds_IsNeverTrue()
    {
        for (int round = 0; round < 500; round++)
        {
            using LoopbackPair pair = await LoopbackPair.CreateAsync();
            var near = new SocketEnd(pair.Near);
            pair.Far.Shutdown(SocketShutdown.Send);
            Assert.Equal(0, await near.ReceiveAsync(new byte[1], TestContext.Current.CancellationToken));
            // Both directions end now, one lane's look at the connection beside the other's FIN.
            Task ending = Task.Run(async () => await near.ShutdownSendAsync(), TestContext.Current.CancellationToken);
            while (!ending.IsCompleted)
                Assert.False(near.EndIsReset, $"An end in order was taken for a reset, in round {round}.");
            await ending;
        }
    }

    [Fact(Timeout = Timeout)]
    [Trait("Property", "P31")]
    public async Task ReceiveAsync_TlsFinWithoutCloseNotify_IsABreak()
    {
        using LoopbackPair pair = await LoopbackPair.CreateAsync();
        var (near, far) = await TlsPair.AuthenticateAsync(new SocketEnd(pair.Near), new SocketEnd(pair.Far));
        await far.SendAsync("last words"u8.ToArray(), TestContext.Current.CancellationToken);
        far.Socket.Shutdown(SocketShutdown.Send);
        Assert.Equal("last words"u8.ToArray(), await near.ReceiveExactlyAsync(10));
        await near.WaitReadableAsync(TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<IOException>(near.ReceiveToEndAsync);
        await Assert.ThrowsAsync<IOException>(near.ReceiveToEndAsync);
    }

    [Fact(Timeout = Timeout)]
    public async Task ReceiveAsync_TlsCloseNotifyAndFinTogether_IsAnEndHoweverOftenRead()
    {
        using LoopbackPair pair = await LoopbackPair.CreateAsync();
        var (near, far) = await TlsPair.AuthenticateAsync(new SocketEnd(pair.Near), new SocketEnd(pair.Far));
        await far.ShutdownSendAsync();
        await far.DisposeAsync();
        for (int i = 0; i < 3; i++)
        {
            await near.WaitReadableAsync(TestContext.Current.CancellationToken);
            Assert.Equal(0, await near.ReceiveAsync(new byte[10], TestContext.Current.CancellationToken));
        }
    }

    [Theory(Timeout = Timeout)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WaitReadableAsync_CompletesWithDataAndTakesNone(bool tls)
    {
        using LoopbackPair pair = await LoopbackPair.CreateAsync();
        (RelayEnd near, RelayEnd far) = (new SocketEnd(pair.Near), new SocketEnd(pair.Far));
        if (tls)
            (near, far) = await TlsPair.AuthenticateAsync(near, far);
        for (int round = 0; round < 3; round++)
        {
            Task readable = near.WaitReadableAsync(TestContext.Current.CancellationToken).AsTask();
            Assert.False(readable.IsCompleted);
            await far.SendAsync(new byte[] { 1, 2, 3 }, TestContext.Current.CancellationToken);
            await readable;
            await near.WaitReadableAsync(TestContext.Current.CancellationToken);
            Assert.Equal([1], await near.ReceiveExactlyAsync(1));
            await near.WaitReadableAsync(TestContext.Current.CancellationToken);
            Assert.Equal([2, 3], await near.ReceiveExactlyAsync(2));
        }
    }

    [Theory(Timeout = Timeout)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ReceiveAsync_Cancelled_LosesNothing(bool tls)
    {
        using LoopbackPair pair = await LoopbackPair.CreateAsync();
        (RelayEnd near, RelayEnd far) = (new SocketEnd(pair.Near), new SocketEnd(pair.Far));
        if (tls)
            (near, far) = await TlsPair.AuthenticateAsync(near, far);
        for (byte round = 0; round < 50; round++)
        {
            using var cancellation = new CancellationTokenSource();
            Task readable = near.WaitReadableAsync(cancellation.Token).AsTask();
            Task cancelling = Task.Run(cancellation.Cancel, TestContext.Current.CancellationToken);
            await far.SendAsync(new[] { round }, TestContext.Current.CancellationToken);
            await cancelling;
            await readable.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            Assert.Equal([round], await near.ReceiveExactlyAsync(1));
        }
    }

    [Theory(Timeout = Timeout)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Abort_WithOperationsPending_EndsThemAndResetsThePeer(bool tls)
    {
        using LoopbackPair pair = await LoopbackPair.CreateAsync(16 * 1024);
        (RelayEnd near, RelayEnd far) = (new SocketEnd(pair.Near), new SocketEnd(pair.Far));
        if (tls)
            (near, far) = await TlsPair.AuthenticateAsync(near, far);
        Task receiving = near.WaitReadableAsync(TestContext.Current.CancellationToken).AsTask();
        Task sending = near.SendAsync(new byte[8_000_000], TestContext.Current.CancellationToken).AsTask();
        Assert.False(sending.IsCompleted);

        near.Abort();
        near.Abort();
        await Assert.ThrowsAnyAsync<Exception>(() => receiving);
        await Assert.ThrowsAnyAsync<Exception>(() => sending);
        await near.DisposeAsync();
        await far.AssertResetAsync();
    }

    private static async Task SendAllAsync(RelayEnd end, byte[] bytes, CancellationToken cancellationToken)
    {
        await end.SendAsync(bytes, cancellationToken);
        await end.ShutdownSendAsync();
    }
}
