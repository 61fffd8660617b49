using System.Net.Sockets;
using BenchmarkDotNet.Attributes;
using Rabbit.Benchmarks.Sockets;
using Rabbit.Protocol;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Messages;
using Rabbit.Protocol.Transport;

namespace Rabbit.Benchmarks.Frames;

/// <summary>
/// One Start frame is sent over loopback, received and decoded. Most of the time is the kernel's:
/// <see cref="SendAndReceiveAsync"/> is that part alone.
/// </summary>
public class FrameReceiveBenchmarks
{
    private static readonly byte[] Encoded = Frame.Encode(new Start(123_456, "192.0.2.17", 54_321));

    private readonly byte[] _received = new byte[Encoded.Length];
    private Socket? _peer;
    private SocketEnd? _end;
    private DetachableTransport? _transport;

    [GlobalSetup]
    public async Task ConnectAsync()
    {
        (_peer, Socket near) = await LoopbackPair.ConnectAsync();
        _end = new SocketEnd(near);
        _transport = new DetachableTransport(_end);
    }

    [GlobalCleanup]
    public async Task CloseAsync()
    {
        await _end!.DisposeAsync();
        _peer!.Dispose();
    }

    /// <summary>As a login and a control channel are read.</summary>
    [Benchmark]
    public async Task<Start> FromPipeOnSocketAsync()
    {
        await _peer!.SendAsync(Encoded);
        return Expect(await _transport!.Input.ReadFrameAsync(ProtocolLimits.Payload));
    }

    /// <summary>As the frames of a data channel are read.</summary>
    [Benchmark]
    public async Task<Start> FromSocketEndAsync()
    {
        await _peer!.SendAsync(Encoded);
        return Expect(await _end!.ReadFrameAsync(ProtocolLimits.Payload));
    }

    /// <summary>The same bytes, not decoded.</summary>
    [Benchmark(Baseline = true)]
    public async Task<int> SendAndReceiveAsync()
    {
        await _peer!.SendAsync(Encoded);
        return await _end!.ReceiveAsync(_received);
    }

    private static Start Expect(Frame? frame) =>
        (frame ?? throw new InvalidOperationException("The connection ended.")).Read<Start>();
}
