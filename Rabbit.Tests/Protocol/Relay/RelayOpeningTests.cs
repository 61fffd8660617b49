using Rabbit.Protocol;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Messages;
using Rabbit.Protocol.Relay;
using Rabbit.Protocol.Transport;
using Rabbit.Tests.Protocol.Transport;
using Xunit;

namespace Rabbit.Tests.Protocol.Relay;

public sealed class RelayOpeningTests
{
    private const int Timeout = 60_000;

    [Theory(Timeout = Timeout)]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Property", "P30")]
    public async Task RunAsync_Accepted_AFlowsBeforeAndBOnlyAfter(bool tls)
    {
        await using RelayRig rig = await RelayRig.CreateAsync(tls);
        Task<RelayOutcome> relay = rig.RunAsync(ReadAnswer(rig.B), TestContext.Current.CancellationToken);
        await rig.Visitor.SendAsync("question"u8.ToArray(), TestContext.Current.CancellationToken);
        byte[] question = await rig.Service.ReceiveExactlyAsync(8);
        Assert.Equal("question"u8, question);

        // The first bytes arrive together with the answer of the step and belong to the visitor.
        await rig.Service.SendAsync((byte[])[.. Frame.Encode(new Accepted()), 1, 2, 3], TestContext.Current.CancellationToken);
        Assert.Equal([1, 2, 3], await rig.Visitor.ReceiveExactlyAsync(3));
        await rig.Visitor.ShutdownSendAsync();
        await rig.Service.ShutdownSendAsync();
        Assert.Equal(RelayOutcome.Completed, await relay);
        Assert.Equal((8, 3), (rig.Counters.AToB, rig.Counters.BToA));
    }

    [Theory(Timeout = Timeout)]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Property", "P46")]
    public async Task RunAsync_Refused_LeavesAOpenWithItsFirstBytes(bool tls)
    {
        await using RelayRig rig = await RelayRig.CreateAsync(tls);
        RelayOpening opening = ReadAnswer(rig.B);
        Task<RelayOutcome> relay = rig.RunAsync(opening, TestContext.Current.CancellationToken);
        await rig.Visitor.SendAsync("GET / HTTP/1.1\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
        await rig.Service.ReceiveExactlyAsync(16);
        await rig.Service.SendAsync(
            Frame.Encode(new Refused(RefusedReason.ConnectionRefused, "")), TestContext.Current.CancellationToken);

        Assert.Equal(RelayOutcome.NotOpened, await relay);
        Assert.Equal("GET / HTTP/1.1\r\n"u8, opening.FirstBytes.Span);
        await AssertStillOpenAsync(rig);
        await rig.Service.AssertResetAsync();
        Assert.Equal((16, 0), (rig.Counters.AToB, rig.Counters.BToA));
    }

    [Theory(Timeout = Timeout)]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Property", "P46")]
    public async Task RunAsync_RefusedByAPeerThatIsNotReading_StopsPromptlyAndKeepsAllThatItSaid(bool tls)
    {
        await using RelayRig rig = await RelayRig.CreateAsync(tls, bufferLength: 16 * 1024);
        RelayOpening opening = ReadAnswer(rig.B);
        Task<RelayOutcome> relay = rig.RunAsync(opening, TestContext.Current.CancellationToken);
        byte[] much = [.. Enumerable.Range(0, 8_000_000).Select(i => (byte)(i * 7))];
        Task sending = rig.Visitor.SendAsync(much, TestContext.Current.CancellationToken).AsTask();
        await rig.Service.ReceiveExactlyAsync(1);
        await rig.Service.SendAsync(
            Frame.Encode(new Refused(RefusedReason.TimedOut, "")), TestContext.Current.CancellationToken);

        Assert.Equal(RelayOutcome.NotOpened, await relay);
        Assert.True(opening.FirstBytes.Length <= RelayOpening.CaptureLimit);
        Assert.Equal(much[..opening.FirstBytes.Length], opening.FirstBytes.ToArray());
        Assert.False(sending.IsCompleted);
        await rig.A.SendAsync("reply"u8.ToArray(), TestContext.Current.CancellationToken);
        byte[] reply = await rig.Visitor.ReceiveExactlyAsync(5);
        Assert.Equal("reply"u8, reply);
        rig.A.Abort();
        await Assert.ThrowsAnyAsync<Exception>(() => sending);
    }

    [Fact(Timeout = Timeout)]
    public async Task RunAsync_RefusedAfterSingleBytes_KeepsThemJoined()
    {
        await using RelayRig rig = await RelayRig.CreateAsync(tls: false);
        RelayOpening opening = ReadAnswer(rig.B);
        Task<RelayOutcome> relay = rig.RunAsync(opening, TestContext.Current.CancellationToken);
        byte[] bytes = [.. Enumerable.Range(0, 600).Select(i => (byte)i)];
        foreach (byte b in bytes)
        {
            await rig.Visitor.SendAsync(new[] { b }, TestContext.Current.CancellationToken);
            await rig.Service.ReceiveExactlyAsync(1);
        }
        await rig.Service.SendAsync(Frame.Encode(new Refused(RefusedReason.TimedOut, "")), TestContext.Current.CancellationToken);
        Assert.Equal(RelayOutcome.NotOpened, await relay);
        Assert.Equal(bytes, opening.FirstBytes.ToArray());
    }

    [Theory(Timeout = Timeout)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(true, false)]
    public async Task RunAsync_MuchSaidBeforeTheStepIsDone_FlowsUpToTheLimitAndThenWaits(bool tls, bool opens)
    {
        await using RelayRig rig = await RelayRig.CreateAsync(tls);
        var decision = new TaskCompletionSource<bool>();
        var opening = new RelayOpening(() => new(decision.Task));
        Task<RelayOutcome> relay = rig.RunAsync(opening, TestContext.Current.CancellationToken);
        byte[] much = [.. Enumerable.Range(0, 4 * RelayOpening.CaptureLimit).Select(i => (byte)(i * 7))];
        Task sending = rig.Visitor.SendAsync(much, TestContext.Current.CancellationToken).AsTask();
        byte[] early = await rig.Service.ReceiveExactlyAsync(RelayOpening.CaptureLimit);
        Assert.Equal(much[..early.Length], early);

        decision.SetResult(opens);
        if (opens)
        {
            Assert.Equal(much[early.Length..], await rig.Service.ReceiveExactlyAsync(much.Length - early.Length));
            await sending;
            await rig.Visitor.ShutdownSendAsync();
            await rig.Service.ShutdownSendAsync();
            Assert.Equal(RelayOutcome.Completed, await relay);
            return;
        }
        Assert.Equal(RelayOutcome.NotOpened, await relay);
        Assert.Equal(early, opening.FirstBytes.ToArray());
        Assert.Equal(early.Length, rig.Counters.AToB);
        rig.A.Abort();
        await Record.ExceptionAsync(() => sending); // Or the kernel has taken it all.
    }

    [Theory(Timeout = Timeout)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task RunAsync_RefusedToASilentVisitor_LeavesAOpen(bool halfClosed)
    {
        await using RelayRig rig = await RelayRig.CreateAsync(tls: false);
        var opening = new TaskCompletionSource<bool>();
        Task<RelayOutcome> relay = rig.RunAsync(new RelayOpening(() => new(opening.Task)), TestContext.Current.CancellationToken);
        if (halfClosed)
        {
            await rig.Visitor.ShutdownSendAsync();
            Assert.Empty(await rig.Service.ReceiveToEndAsync());
        }
        opening.SetResult(false);
        Assert.Equal(RelayOutcome.NotOpened, await relay);
        await AssertStillOpenAsync(rig);
    }

    [Theory(Timeout = Timeout)]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Property", "P27")]
    public async Task RunAsync_BBreaksBeforeItOpened_LeavesAOpen(bool tls)
    {
        await using RelayRig rig = await RelayRig.CreateAsync(tls);
        Task<RelayOutcome> relay = rig.RunAsync(ReadAnswer(rig.B), TestContext.Current.CancellationToken);
        rig.Service.Abort();
        Assert.Equal(RelayOutcome.NotOpened, await relay);
        await AssertStillOpenAsync(rig);
    }

    [Fact(Timeout = Timeout)]
    public async Task RunAsync_RefusedAndClosedWithBytesUnread_TheReasonIsStillRead()
    {
        await using RelayRig rig = await RelayRig.CreateAsync(tls: false);
        await rig.Service.SendAsync(Frame.Encode(new Refused(RefusedReason.Unreachable, "no route")), TestContext.Current.CancellationToken);
        await rig.Visitor.SendAsync("question"u8.ToArray(), TestContext.Current.CancellationToken);
        // Sending is the first to see the break: the step reads only after the lane has failed.
        Refused? refused = null;
        var mayRead = new TaskCompletionSource();
        Task<RelayOutcome> relay = rig.RunAsync(
            new RelayOpening(async () =>
            {
                await mayRead.Task;
                var transport = new DetachableTransport(rig.B);
                Frame? answer = await transport.Input.ReadFrameAsync(100, TestContext.Current.CancellationToken);
                refused = answer!.Value.Read<Refused>();
                return false;
            }),
            TestContext.Current.CancellationToken);
        await rig.Service.WaitReadableAsync(TestContext.Current.CancellationToken);
        await rig.Service.DisposeAsync();
        await rig.Visitor.SendAsync("more"u8.ToArray(), TestContext.Current.CancellationToken);
        mayRead.SetResult();

        Assert.Equal(RelayOutcome.NotOpened, await relay);
        Assert.Equal("no route", refused!.Value.Sentence);
        await AssertStillOpenAsync(rig);
    }

    [Fact(Timeout = Timeout)]
    public async Task RunAsync_ABreaksDuringTheStep_ResetsB()
    {
        await using RelayRig rig = await RelayRig.CreateAsync(tls: false);
        Task<RelayOutcome> relay = rig.RunAsync(ReadAnswer(rig.B), TestContext.Current.CancellationToken);
        rig.Visitor.Abort();
        await rig.Service.AssertResetAsync();
        Assert.Equal(RelayOutcome.ABroke, await relay);
    }

    [Fact(Timeout = Timeout)]
    public async Task RunAsync_AbortedDuringTheStep_ResetsBoth()
    {
        await using RelayRig rig = await RelayRig.CreateAsync(tls: false);
        using var abort = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        Task<RelayOutcome> relay = rig.RunAsync(ReadAnswer(rig.B), abort.Token);
        await abort.CancelAsync();
        Assert.Equal(RelayOutcome.Aborted, await relay);
        await rig.Visitor.AssertResetAsync();
        await rig.Service.AssertResetAsync();
    }

    [Fact(Timeout = Timeout)]
    public async Task RunAsync_TheStepThrows_TheExceptionComesOutAndAStaysOpen()
    {
        await using RelayRig rig = await RelayRig.CreateAsync(tls: false);
        Task<RelayOutcome> relay = rig.RunAsync(ReadAnswer(rig.B), TestContext.Current.CancellationToken);
        await rig.Service.SendAsync(Frame.Encode(new Ping(1)), TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<ProtocolException>(() => relay);
        await AssertStillOpenAsync(rig);
        await rig.Service.AssertResetAsync();
    }

    /// <summary>The step as the server takes it: Accepted or Refused, with what follows left unread on the end.</summary>
    private static RelayOpening ReadAnswer(RelayEnd b) => new(async () =>
    {
        var transport = new DetachableTransport(b);
        Frame? answer = await transport.Input.ReadFrameAsync(100, TestContext.Current.CancellationToken);
        if (answer is { Type: FrameType.Refused })
            return false;
        answer?.Read<Accepted>();
        transport.Detach();
        return answer is not null;
    });

    private static async Task AssertStillOpenAsync(RelayRig rig)
    {
        await rig.A.SendAsync("reply"u8.ToArray(), TestContext.Current.CancellationToken);
        await rig.A.ShutdownSendAsync();
        Assert.Equal("reply"u8.ToArray(), await rig.Visitor.ReceiveToEndAsync());
        await rig.A.DisposeAsync();
    }
}
