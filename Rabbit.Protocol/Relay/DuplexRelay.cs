using Rabbit.Protocol.Transport;

namespace Rabbit.Protocol.Relay;

/// <summary>
/// Carries bytes both ways between two ends until both directions have ended. The end of one direction is passed on as a
/// half-close while the other goes on; a reset on either end resets the other; a slow reader slows its writer.
/// </summary>
public static class DuplexRelay
{
    /// <summary>
    /// Runs the relay and closes both ends, whatever happens. <paramref name="abort"/> breaks it off with a reset
    /// to both.
    /// </summary>
    public static async Task<RelayOutcome> RunAsync(
        RelayEnd a, RelayEnd b, RelayCounters counters, CancellationToken abort = default)
    {
        var aToB = new RelayLane(a, b, counters.AddAToB);
        var bToA = new RelayLane(b, a, counters.AddBToA);
        using var registration = abort.UnsafeRegister(static state => AbortBoth((Ends)state!), new Ends(a, b));

        Task<LaneEnd> forward = RunLaneAsync(aToB, a, b);
        Task<LaneEnd> backward = RunLaneAsync(bToA, b, a);
        LaneEnd first = await forward;
        LaneEnd second = await backward;

        await a.DisposeAsync();
        await b.DisposeAsync();
        if (abort.IsCancellationRequested && (first != LaneEnd.Completed || second != LaneEnd.Completed))
            return RelayOutcome.Aborted;
        return (first, second) switch
        {
            (LaneEnd.Completed, LaneEnd.Completed) => RelayOutcome.Completed,
            (LaneEnd.SourceBroke, _) or (_, LaneEnd.TargetBroke) => RelayOutcome.ABroke,
            _ => RelayOutcome.BBroke,
        };
    }

    private static async Task<LaneEnd> RunLaneAsync(RelayLane lane, RelayEnd source, RelayEnd target)
    {
        LaneEnd end = await lane.RunAsync();
        if (end != LaneEnd.Completed)
            AbortBoth(new Ends(source, target));
        return end;
    }

    private static void AbortBoth(Ends ends)
    {
        ends.A.Abort();
        ends.B.Abort();
    }

    private sealed record Ends(RelayEnd A, RelayEnd B);
}
