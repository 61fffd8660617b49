using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Rabbit.Protocol;
using Rabbit.Protocol.Legacy;
using Xunit;

namespace Rabbit.Tests.Protocol.Legacy;

public sealed class LegacyLineReaderTests
{
    [Fact]
    public async Task ReadLineAsync_EveryCut_ReadsTheLinesAndLeavesTheRest()
    {
        byte[] bytes = [.. "rbt_token\r\n5432\n\nDATA:12\n"u8, 0, 0xff, (byte)'\n'];
        foreach (ReadOnlySequence<byte> cut in Segments.EveryCut(bytes))
        {
            PipeReader reader = PipeReader.Create(cut);
            Assert.Equal("rbt_token", await reader.ReadLineAsync(cancellationToken: Cancel));
            Assert.Equal("5432", await reader.ReadLineAsync(cancellationToken: Cancel));
            Assert.Equal("", await reader.ReadLineAsync(cancellationToken: Cancel));
            Assert.Equal("DATA:12", await reader.ReadLineAsync(cancellationToken: Cancel));
            ReadResult rest = await reader.ReadAsync(Cancel);
            Assert.Equal([0, 0xff, (byte)'\n'], rest.Buffer.ToArray());
        }
    }

    [Fact]
    public async Task ReadLineAsync_ArrivingByteByByte_WaitsForTheLineEnd()
    {
        var pipe = new Pipe();
        ValueTask<string?> line = pipe.Reader.ReadLineAsync(cancellationToken: Cancel);
        foreach (byte b in "token\r"u8.ToArray())
        {
            await pipe.Writer.WriteAsync(new[] { b }, Cancel);
            Assert.False(line.IsCompleted);
        }
        await pipe.Writer.WriteAsync("\n"u8.ToArray(), Cancel);
        Assert.Equal("token", await line);
    }

    [Fact]
    [Trait("Property", "P07")]
    public async Task ReadLineAsync_WithoutAnEnd_FailsAtTheLimitAndNotLater()
    {
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync(new byte[1024].Select(_ => (byte)'a').ToArray(), Cancel);
        Task<string?> line = pipe.Reader.ReadLineAsync(cancellationToken: Cancel).AsTask();
        Assert.False(line.IsCompleted);
        await pipe.Writer.WriteAsync("a"u8.ToArray(), Cancel);
        await Assert.ThrowsAsync<ProtocolException>(() => line);
    }

    [Theory]
    [InlineData("\r\n")]
    [InlineData("\n")]
    public async Task ReadLineAsync_AtTheLimit_IsAccepted(string end)
    {
        string text = new('x', ProtocolLimits.LegacyLine);
        Assert.Equal(text, await From(text + end).ReadLineAsync(cancellationToken: Cancel));
        await Assert.ThrowsAsync<ProtocolException>(async () => await From("x" + text + end).ReadLineAsync(cancellationToken: Cancel));
    }

    [Theory]
    [InlineData("a\0b\n")]
    [InlineData("a\tb\n")]
    [InlineData("a\rb\n")]
    [InlineData("a\r\r\n")]
    [InlineData("a\u007f\n")]
    [InlineData("é\n")]
    [InlineData("\u0016\u0003\u0001")]
    public async Task ReadLineAsync_NotPrintableAscii_FailsAtOnce(string text)
    {
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync(Encoding.UTF8.GetBytes(text), Cancel);
        await Assert.ThrowsAsync<ProtocolException>(async () => await pipe.Reader.ReadLineAsync(cancellationToken: Cancel));
    }

    [Fact]
    public async Task ReadLineAsync_EndOfConnection_IsNullBetweenLinesAndAnErrorWithin()
    {
        PipeReader clean = From("a\n");
        Assert.Equal("a", await clean.ReadLineAsync(cancellationToken: Cancel));
        Assert.Null(await clean.ReadLineAsync(cancellationToken: Cancel));
        await Assert.ThrowsAsync<ProtocolException>(async () => await From("ab").ReadLineAsync(cancellationToken: Cancel));
    }

    [Fact]
    public async Task ReadLineAsync_Cancelled_LosesNothing()
    {
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync("DATA:"u8.ToArray(), Cancel);
        using var cancellation = new CancellationTokenSource();
        Task<string?> pending = pipe.Reader.ReadLineAsync(cancellationToken: cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pending);
        await pipe.Writer.WriteAsync("1\n"u8.ToArray(), Cancel);
        Assert.Equal("DATA:1", await pipe.Reader.ReadLineAsync(cancellationToken: Cancel));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static PipeReader From(string text) => PipeReader.Create(new ReadOnlySequence<byte>(Encoding.Latin1.GetBytes(text)));
}
