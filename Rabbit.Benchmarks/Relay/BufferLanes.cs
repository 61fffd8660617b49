using Rabbit.Protocol.Relay;
using Rabbit.Protocol.Transport;

namespace Rabbit.Benchmarks.Relay;

/// <summary>Runs a BufferLane each way between two ends, also where the relay would choose another.</summary>
internal static class BufferLanes
{
    // B's direction first, as DuplexRelay does it: the order decides which engine serves which socket.
    public static Task RunAsync(RelayEnd a, RelayEnd b) => Task.WhenAll(RunOneWayAsync(b, a), RunOneWayAsync(a, b));

    private static Task<LaneEnd> RunOneWayAsync(RelayEnd source, RelayEnd target) =>
        new BufferLane(source, target, new LaneCounter(), opening: null).RunAsync();
}
