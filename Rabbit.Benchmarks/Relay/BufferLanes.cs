using Rabbit.Protocol.Relay;
using Rabbit.Protocol.Transport;

namespace Rabbit.Benchmarks.Relay;

/// <summary>
/// Runs a BufferLane each way between two ends, also where the relay would choose another. The class is internal to
/// Rabbit.Protocol, which has no reason to let its callers choose; it is reached by reflection, before the measuring starts.
/// </summary>
internal static class BufferLanes
{
    // B's direction first, as DuplexRelay does it: the order decides which engine serves which socket.
    public static Task RunAsync(RelayEnd a, RelayEnd b) => Task.WhenAll(RunOneWayAsync(b, a), RunOneWayAsync(a, b));

    private static Task RunOneWayAsync(RelayEnd source, RelayEnd target)
    {
        object lane = Create("BufferLane", source, target, Create("LaneCounter"), null);
        return (Task)lane.GetType().GetMethod("RunAsync")!.Invoke(lane, null)!;
    }

    private static object Create(string name, params object?[] arguments) =>
        Activator.CreateInstance(
            typeof(DuplexRelay).Assembly.GetType($"{typeof(DuplexRelay).Namespace}.{name}", throwOnError: true)!, arguments)!;
}
