using BenchmarkDotNet.Attributes;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Messages;

namespace Rabbit.Benchmarks.Frames;

/// <summary>What the server does for each visitor, and each side for each heartbeat: a message becomes a frame.</summary>
public class FrameEncodeBenchmarks
{
    private readonly Start _start = new(123_456, "192.0.2.17", 54_321);
    private readonly Ping _ping = new(7);

    [Benchmark]
    public byte[] EncodeStart() => Frame.Encode(_start);

    [Benchmark]
    public byte[] EncodePing() => Frame.Encode(_ping);
}
