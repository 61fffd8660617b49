using System.Net.Sockets;
using System.Security.Cryptography;
using Rabbit.Protocol.Relay;
using Rabbit.Protocol.Transport;
using Rabbit.Tests.Protocol.Transport;
using Xunit;

namespace Rabbit.Tests.Protocol.Relay;

public sealed class DuplexRelayTests
{
    private const int Timeout = 60_000;
    private const int SmallBuffer = 16 * 1024;

    [Theory(Timeout = Timeout)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [Trait("Property", "P31")]
    public async Task RunAsync_HalfCloseWhileThePeerIsNotReading_TheOtherDirectionStillFlows(bool tls, bool fromVisitor)
    {
        await using RelayRig rig = await RelayRig.CreateAsync(tls, SmallBuffer);
        (RelayEnd first, RelayEnd second) = fromVisitor ? (rig.Visitor, rig.Service) : (rig.Service, rig.Visitor);
        Task<RelayOutcome> relay = rig.RunAsync(TestContext.Current.CancellationToken);
        byte[] much = RandomNumberGenerator.GetBytes(4_000_000);
        byte[] answer = RandomNumberGenerator.GetBytes(300_000);

        Task sending = SendAllAsync(first, much);
        Assert.False(sending.IsCompleted);
        Task answering = SendAllAsync(second, answer);
        Assert.Equal(answer, await first.ReceiveToEndAsync());
        await answering;
        Assert.False(relay.IsCompleted);

        Assert.Equal(much, await second.ReceiveToEndAsync());
        await sending;
        Assert.Equal(RelayOutcome.Completed, await relay);
        Assert.Equal(fromVisitor ? much.Length : answer.Length, rig.Counters.AToB);
        Assert.Equal(fromVisitor ? answer.Length : much.Length, rig.Counters.BToA);
    }

    [Theory(Timeout = Timeout)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [Trait("Property", "P33")]
    public async Task RunAsync_ResetByOneEnd_ResetsTheOtherAndCountsExactly(bool tls, bool byVisitor)
    {
        for (int round = 0; round < 20; round++)
        {
            await using RelayRig rig = await RelayRig.CreateAsync(tls);
            (RelayEnd first, RelayEnd second) = byVisitor ? (rig.Visitor, rig.Service) : (rig.Service, rig.Visitor);
            Task<RelayOutcome> relay = rig.RunAsync(TestContext.Current.CancellationToken);
            await first.SendAsync(new byte[1234], TestContext.Current.CancellationToken);
            await second.ReceiveExactlyAsync(1234);
            await second.SendAsync(new byte[56], TestContext.Current.CancellationToken);
            await first.ReceiveExactlyAsync(56);

            first.Abort();
            await second.AssertResetAsync();
            Assert.Equal(byVisitor ? RelayOutcome.ABroke : RelayOutcome.BBroke, await relay);
            Assert.Equal(byVisitor ? (1234, 56) : (56, 1234), (rig.Counters.AToB, rig.Counters.BToA));
        }
    }

    [Theory(Timeout = Timeout)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task RunAsync_ResetByThePeerThatIsNotReading_EndsABlockedLane(bool tls, bool byVisitor)
    {
        await using RelayRig rig = await RelayRig.CreateAsync(tls, SmallBuffer);
        (RelayEnd first, RelayEnd second) = byVisitor ? (rig.Visitor, rig.Service) : (rig.Service, rig.Visitor);
        Task<RelayOutcome> relay = rig.RunAsync(TestContext.Current.CancellationToken);
        Task sending = second.SendAsync(new byte[8_000_000], TestContext.Current.CancellationToken).AsTask();
        await first.ReceiveExactlyAsync(1);

        first.Abort();
        await Assert.ThrowsAnyAsync<Exception>(() => sending);
        Assert.Equal(byVisitor ? RelayOutcome.ABroke : RelayOutcome.BBroke, await relay);
    }

    [Fact(Timeout = Timeout)]
    public async Task RunAsync_TlsTruncation_IsABreakAndNotAnEnd()
    {
        await using RelayRig rig = await RelayRig.CreateAsync(tls: true);
        Task<RelayOutcome> relay = rig.RunAsync(TestContext.Current.CancellationToken);
        await rig.Service.SendAsync(new byte[10], TestContext.Current.CancellationToken);
        await rig.Visitor.ReceiveExactlyAsync(10);
        rig.Service.Socket.Shutdown(SocketShutdown.Send);
        await rig.Visitor.AssertResetAsync();
        Assert.Equal(RelayOutcome.BBroke, await relay);
    }

    [Theory(Timeout = Timeout)]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Property", "P33")]
    public async Task RunAsync_MuchBothWaysAtOnce_ArrivesIntactAndIsCounted(bool tls)
    {
        const int Length = 64 * 1024 * 1024;
        await using RelayRig rig = await RelayRig.CreateAsync(tls);
        Task<RelayOutcome> relay = rig.RunAsync(TestContext.Current.CancellationToken);
        byte[] up = RandomNumberGenerator.GetBytes(Length);
        byte[] down = RandomNumberGenerator.GetBytes(Length + 1);
        Task sendingUp = SendAllAsync(rig.Visitor, up);
        Task sendingDown = SendAllAsync(rig.Service, down);
        Task<byte[]> hashOfUp = HashToEndAsync(rig.Service);
        Task<byte[]> hashOfDown = HashToEndAsync(rig.Visitor);
        await Task.WhenAll(sendingUp, sendingDown);

        Assert.Equal(SHA256.HashData(up), await hashOfUp);
        Assert.Equal(SHA256.HashData(down), await hashOfDown);
        Assert.Equal(RelayOutcome.Completed, await relay);
        Assert.Equal((Length, Length + 1), (rig.Counters.AToB, rig.Counters.BToA));
    }

    [Theory(Timeout = Timeout)]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Property", "P33")]
    public async Task RunAsync_SingleBytes_ArriveOneByOneAndAreCountedWhileItLives(bool tls)
    {
        await using RelayRig rig = await RelayRig.CreateAsync(tls);
        Task<RelayOutcome> relay = rig.RunAsync(TestContext.Current.CancellationToken);
        for (int i = 1; i <= 300; i++)
        {
            await rig.Visitor.SendAsync(new[] { (byte)i }, TestContext.Current.CancellationToken);
            Assert.Equal([(byte)i], await rig.Service.ReceiveExactlyAsync(1));
            await rig.Service.SendAsync(new[] { (byte)~i }, TestContext.Current.CancellationToken);
            Assert.Equal([(byte)~i], await rig.Visitor.ReceiveExactlyAsync(1));
            // The lane counts right after its socket took the byte, which the peer may see first.
            Assert.InRange(rig.Counters.AToB, i - 1, i);
            Assert.InRange(rig.Counters.BToA, i - 1, i);
        }
        await rig.Visitor.ShutdownSendAsync();
        await rig.Service.ShutdownSendAsync();
        Assert.Equal(RelayOutcome.Completed, await relay);
        Assert.Equal((300, 300), (rig.Counters.AToB, rig.Counters.BToA));
    }

    [Theory(Timeout = Timeout)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task RunAsync_BothEndsCloseAtOnce_CompletesWithEveryByte(bool tls)
    {
        for (int round = 0; round < 50; round++)
        {
            await using RelayRig rig = await RelayRig.CreateAsync(tls);
            Task<RelayOutcome> relay = rig.RunAsync(TestContext.Current.CancellationToken);
            await Task.WhenAll(SendAllAsync(rig.Visitor, new byte[round]), SendAllAsync(rig.Service, new byte[2 * round]));
            Assert.Equal(round, (await rig.Service.ReceiveToEndAsync()).Length);
            Assert.Equal(2 * round, (await rig.Visitor.ReceiveToEndAsync()).Length);
            Assert.Equal(RelayOutcome.Completed, await relay);
            Assert.Equal((round, 2 * round), (rig.Counters.AToB, rig.Counters.BToA));
        }
    }

    [Theory(Timeout = Timeout)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task RunAsync_SlowReader_NeverLetsMoreThanTheBuffersPileUp(bool tls)
    {
        const int Length = 32 * 1024 * 1024;
        const int Bound = 2 * 1024 * 1024;
        await using RelayRig rig = await RelayRig.CreateAsync(tls, SmallBuffer);
        Task<RelayOutcome> relay = rig.RunAsync(TestContext.Current.CancellationToken);
        long sent = 0;
        Task sending = SendCountedAsync();
        for (long read = 0; read < Length; read += 1024 * 1024)
        {
            Assert.InRange(Volatile.Read(ref sent), 0, read + Bound);
            await rig.Service.ReceiveExactlyAsync(1024 * 1024);
        }
        await sending;
        await rig.Visitor.ShutdownSendAsync();
        await rig.Service.ShutdownSendAsync();
        Assert.Equal(RelayOutcome.Completed, await relay);

        async Task SendCountedAsync()
        {
            byte[] chunk = new byte[64 * 1024];
            while (sent < Length)
            {
                await rig.Visitor.SendAsync(chunk, TestContext.Current.CancellationToken);
                Volatile.Write(ref sent, sent + chunk.Length);
            }
        }
    }

    [Theory(Timeout = Timeout)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task RunAsync_Aborted_ResetsBothAndKeepsTheCounts(bool tls)
    {
        await using RelayRig rig = await RelayRig.CreateAsync(tls);
        using var abort = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        Task<RelayOutcome> relay = rig.RunAsync(abort.Token);
        await rig.Visitor.SendAsync(new byte[77], TestContext.Current.CancellationToken);
        await rig.Service.ReceiveExactlyAsync(77);
        await abort.CancelAsync();
        await rig.Visitor.AssertResetAsync();
        await rig.Service.AssertResetAsync();
        Assert.Equal(RelayOutcome.Aborted, await relay);
        Assert.Equal((77, 0), (rig.Counters.AToB, rig.Counters.BToA));
    }

    [Fact(Timeout = Timeout)]
    public async Task RunAsync_AbortedBeforeItRuns_EndsAtOnce()
    {
        await using RelayRig rig = await RelayRig.CreateAsync(tls: false);
        Assert.Equal(RelayOutcome.Aborted, await rig.RunAsync(new CancellationToken(canceled: true)));
        await rig.Visitor.AssertResetAsync();
        Assert.False(TestContext.Current.CancellationToken.IsCancellationRequested);
    }

    private static async Task SendAllAsync(RelayEnd end, byte[] bytes)
    {
        await end.SendAsync(bytes, TestContext.Current.CancellationToken);
        await end.ShutdownSendAsync();
    }

    private static async Task<byte[]> HashToEndAsync(RelayEnd end)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[64 * 1024];
        int n;
        while ((n = await end.ReceiveAsync(buffer, TestContext.Current.CancellationToken)) > 0)
            hash.AppendData(buffer, 0, n);
        return hash.GetHashAndReset();
    }
}
