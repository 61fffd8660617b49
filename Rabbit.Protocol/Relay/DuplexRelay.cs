using Rabbit.Protocol.Transport;

namespace Rabbit.Protocol.Relay;

/// <summary>
/// Carries bytes both ways between two ends until both directions have ended. The end of one direction is passed on as a
/// half-close while the other goes on; a reset on either end resets the other; a slow reader slows its writer.
/// </summary>
public sealed class DuplexRelay
{
    private readonly RelayEnd _a;
    private readonly RelayEnd _b;
    private readonly RelayCounters _counters;
    private readonly RelayOpening? _opening;

    // A break aborts both sockets, after which both lanes fail: only the first break says what happened.
    private readonly Lock _gate = new();
    private RelayOutcome? _broken;
    private bool _isOpening;

    private DuplexRelay(RelayEnd a, RelayEnd b, RelayCounters counters, RelayOpening? opening)
    {
        _a = a;
        _b = b;
        _counters = counters;
        _opening = opening;
        _isOpening = opening is not null;
    }

    /// <summary>
    /// Runs the relay and closes both ends, whatever happens. <paramref name="abort"/> breaks it off with a reset
    /// to both.
    /// </summary>
    public static Task<RelayOutcome> RunAsync(
        RelayEnd a, RelayEnd b, RelayCounters counters, CancellationToken abort = default) =>
        new DuplexRelay(a, b, counters, opening: null).RunAsync(abort);

    /// <summary>
    /// Runs the relay with A's bytes flowing at once and B's only after <paramref name="opening"/> said yes. Closes both
    /// ends, but not A when the outcome is <see cref="RelayOutcome.NotOpened"/> or the step threw.
    /// </summary>
    public static Task<RelayOutcome> RunAsync(
        RelayEnd a, RelayEnd b, RelayCounters counters, RelayOpening opening, CancellationToken abort = default) =>
        new DuplexRelay(a, b, counters, opening).RunAsync(abort);

    private async Task<RelayOutcome> RunAsync(CancellationToken abort)
    {
        try
        {
            using var registration = abort.UnsafeRegister(static state => ((DuplexRelay)state!).Break(RelayOutcome.Aborted), this);
            // The opening step first: a lane between two fast sockets may run for long before it waits.
            Task<LaneEnd> backward = RunBToAAsync();
            Task<LaneEnd> forward = RunAToBAsync();
            LaneEnd[] ends = await Task.WhenAll(forward, backward);
            return ends is [LaneEnd.Completed, LaneEnd.Completed] ? RelayOutcome.Completed : _broken!.Value;
        }
        finally
        {
            if (_broken != RelayOutcome.NotOpened)
                await _a.DisposeAsync();
            await _b.DisposeAsync();
        }
    }

    private Task<LaneEnd> RunAToBAsync() =>
        RunLaneAsync(RelayLane.Between(_a, _b, _counters.Forward, _opening), RelayOutcome.ABroke, RelayOutcome.BBroke);

    private async Task<LaneEnd> RunBToAAsync()
    {
        if (_opening is not null && !await OpenAsync(_opening))
            return LaneEnd.Stopped;
        return await RunLaneAsync(RelayLane.Between(_b, _a, _counters.Backward), RelayOutcome.BBroke, RelayOutcome.ABroke);
    }

    private async Task<LaneEnd> RunLaneAsync(RelayLane lane, RelayOutcome sourceBroke, RelayOutcome targetBroke)
    {
        LaneEnd? end = null;
        try
        {
            end = await lane.RunAsync();
            return end.Value;
        }
        finally
        {
            if (end is not (LaneEnd.Completed or LaneEnd.Stopped))
                Break(end == LaneEnd.TargetBroke ? targetBroke : sourceBroke);
        }
    }

    private async Task<bool> OpenAsync(RelayOpening opening)
    {
        bool opened = false;
        try
        {
            opened = await opening.RunAsync();
        }
        catch (Exception e) when (RelayLane.IsBreak(e))
        {
            // B broke before it opened, which is a no.
        }
        finally
        {
            lock (_gate)
            {
                _isOpening = false;
                if (!opened)
                    _broken ??= RelayOutcome.NotOpened;
                opened = _broken is null;
            }
            opening.Finish(opened);
            if (!opened)
                _b.Abort();
        }
        return opened;
    }

    private void Break(RelayOutcome how)
    {
        lock (_gate)
        {
            bool stepGoesOn = _isOpening && how == RelayOutcome.Aborted;
            if (_broken is not null && !stepGoesOn)
                return;
            // A has seen nothing of B and can still be answered. B is left to the step, which may yet find there why the
            // client closed it: a peer that closes with our bytes unread breaks our sending before we have read its last.
            _broken = _isOpening && how == RelayOutcome.BBroke ? RelayOutcome.NotOpened : how;
            if (_broken == RelayOutcome.NotOpened)
                return;
        }
        _a.Abort();
        _b.Abort();
    }
}
