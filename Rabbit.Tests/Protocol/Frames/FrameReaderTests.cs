using System.Buffers;
using System.IO.Pipelines;
using Rabbit.Protocol;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Messages;
using Xunit;

namespace Rabbit.Tests.Protocol.Frames;

public sealed class FrameReaderTests
{
    private static readonly byte[] PingFrame = Frame.Encode(new Ping(0x0102030405060708));

    [Fact]
    public void Encode_Ping_IsLengthTypePayload() =>
        Assert.Equal([0, 0, 0, 8, 4, 1, 2, 3, 4, 5, 6, 7, 8], PingFrame);

    [Fact]
    public void TryRead_EveryCut_TakesOneFrameAndLeavesTheRest()
    {
        byte[] bytes = [.. PingFrame, .. Frame.Encode(new Pong(9)), 0xff];
        foreach (ReadOnlySequence<byte> cut in Segments.EveryCut(bytes))
        {
            ReadOnlySequence<byte> buffer = cut;
            Assert.True(FrameReader.TryRead(ref buffer, 8, out Frame first));
            Assert.Equal(new Ping(0x0102030405060708), first.Read<Ping>());
            Assert.True(FrameReader.TryRead(ref buffer, 8, out Frame second));
            Assert.Equal(new Pong(9), second.Read<Pong>());
            Assert.Equal([0xff], buffer.ToArray());
        }
    }

    [Fact]
    public void TryRead_EveryPrefix_AsksForMoreAndConsumesNothing()
    {
        for (int length = 0; length < PingFrame.Length; length++)
        {
            var buffer = new ReadOnlySequence<byte>(PingFrame, 0, length);
            Assert.False(FrameReader.TryRead(ref buffer, 8, out _));
            Assert.Equal(length, buffer.Length);
        }
    }

    [Theory]
    [InlineData(0x00001001u)]
    [InlineData(0x7fffffffu)]
    [InlineData(0x80000000u)]
    [InlineData(0xffffffffu)]
    [Trait("Property", "P07")]
    public void TryRead_LengthOverLimit_FailsOnTheHeaderAlone(uint length)
    {
        var buffer = new ReadOnlySequence<byte>([(byte)(length >> 24), (byte)(length >> 16), (byte)(length >> 8), (byte)length, 1]);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<ProtocolException>(() => FrameReader.TryRead(ref buffer, ProtocolLimits.UnauthenticatedPayload, out _));
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 64 * 1024, "An announced length was allocated.");
    }

    [Fact]
    public void TryRead_LengthAtLimit_IsAccepted()
    {
        var buffer = new ReadOnlySequence<byte>([0, 0, 0x10, 0, 200, .. new byte[ProtocolLimits.UnauthenticatedPayload]]);
        Assert.True(FrameReader.TryRead(ref buffer, ProtocolLimits.UnauthenticatedPayload, out Frame frame));
        Assert.Equal(ProtocolLimits.UnauthenticatedPayload, frame.Payload.Length);
        Assert.Equal((FrameType)200, frame.Type);
    }

    [Fact]
    public async Task ReadFrameAsync_UnknownType_IsReturnedSoThatTheCallerCanSkipIt()
    {
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync(new byte[] { 0, 0, 0, 1, 250, 7, 0, 0, 0, 0, 34 }, Cancel);
        Frame? unknown = await pipe.Reader.ReadFrameAsync(10, Cancel);
        Assert.Equal((FrameType)250, unknown!.Value.Type);
        Frame? accepted = await pipe.Reader.ReadFrameAsync(10, Cancel);
        accepted!.Value.Read<Accepted>();
    }

    [Fact]
    public async Task ReadFrameAsync_EndBetweenFrames_IsNull()
    {
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync(PingFrame, Cancel);
        await pipe.Writer.CompleteAsync();
        Assert.NotNull(await pipe.Reader.ReadFrameAsync(10, Cancel));
        Assert.Null(await pipe.Reader.ReadFrameAsync(10, Cancel));
    }

    [Fact]
    public async Task ReadFrameAsync_EveryTruncation_IsAProtocolError()
    {
        for (int length = 1; length < PingFrame.Length; length++)
        {
            var pipe = new Pipe();
            await pipe.Writer.WriteAsync(PingFrame.AsMemory(0, length), Cancel);
            await pipe.Writer.CompleteAsync();
            await Assert.ThrowsAsync<ProtocolException>(async () => await pipe.Reader.ReadFrameAsync(10, Cancel));
        }
    }

    [Fact]
    public async Task ReadFrameAsync_CancelledInTheMiddle_LosesNothing()
    {
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync(PingFrame.AsMemory(0, 6), Cancel);
        using var cancellation = new CancellationTokenSource();
        Task<Frame?> pending = pipe.Reader.ReadFrameAsync(10, cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pending);

        await pipe.Writer.WriteAsync(PingFrame.AsMemory(6), Cancel);
        Frame? frame = await pipe.Reader.ReadFrameAsync(10, Cancel);
        Assert.Equal(new Ping(0x0102030405060708), frame!.Value.Read<Ping>());
    }

    [Fact]
    public async Task ReadFrameAsync_BytesBehindTheFrame_StayInThePipe()
    {
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync(new byte[] { 0, 0, 0, 0, 34, 1, 2, 3 }, Cancel);
        await pipe.Reader.ReadFrameAsync(10, Cancel);
        Assert.True(pipe.Reader.TryRead(out ReadResult rest));
        Assert.Equal([1, 2, 3], rest.Buffer.ToArray());
    }

    [Fact]
    public void Read_AnotherType_IsAProtocolError() =>
        Assert.Throws<ProtocolException>(() => new Frame(FrameType.Ping, new byte[8]).Read<Pong>());

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
}
