using System.Buffers;
using System.IO.Pipelines;
using BenchmarkDotNet.Attributes;
using Rabbit.Protocol;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Messages;

namespace Rabbit.Benchmarks.Frames;

/// <summary>Start frames that have all arrived become messages; one operation is one frame.</summary>
public class FrameDecodeBenchmarks
{
    private const int Frames = 64;

    private readonly ReadOnlySequence<byte> _arrived = new(
        [.. Enumerable.Repeat(Frame.Encode(new Start(123_456, "192.0.2.17", 54_321)), Frames).SelectMany(frame => frame)]);

    [Benchmark(OperationsPerInvoke = Frames)]
    public async Task<ulong> DecodeFromPipeAsync()
    {
        var input = PipeReader.Create(_arrived);
        ulong sum = 0;
        while (await input.ReadFrameAsync(ProtocolLimits.Payload) is { } frame)
            sum += frame.Read<Start>().ChannelId;
        await input.CompleteAsync();
        return sum;
    }
}
