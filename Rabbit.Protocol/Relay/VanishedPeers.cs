using System.Collections.Concurrent;
using Rabbit.Protocol.Transport;

namespace Rabbit.Protocol.Relay;

/// <summary>
/// Breaks relays off whose visitor, service or data channel has vanished while bytes for it were under way. Keepalive does not see
/// that, and the kernel alone gives up after a quarter of an hour; TCP_USER_TIMEOUT would be sooner, but also cuts off a peer that
/// lives and does not read (docs/reliability.md, "Relayed streams").
/// </summary>
public sealed class VanishedPeers : IDisposable
{
    /// <summary>Unanswered attempts in a row before a peer is suspected at all: one or two are lost on any bad path.</summary>
    private const int Attempts = 3;

    private const int LooksWithinTime = 9;

    private readonly TimeSpan _deadAfter;
    private readonly TimeSpan _interval;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly ConcurrentDictionary<Watched, bool> _watched = new();

    /// <param name="deadAfter">How long nothing must be acknowledged; it takes up to a ninth more to be noticed.</param>
    /// <param name="time">The clock.</param>
    public VanishedPeers(TimeSpan deadAfter, TimeProvider time)
    {
        _deadAfter = deadAfter;
        _time = time;
        _interval = deadAfter / LooksWithinTime;
        _timer = time.CreateTimer(static peers => ((VanishedPeers)peers!).Look(), this, _interval, _interval);
    }

    /// <summary>Watches both ends of a relay until the result is disposed.</summary>
    public IDisposable Watch(RelayEnd a, RelayEnd b)
    {
        var watched = new Watched(this, a, b);
        _watched[watched] = true;
        return watched;
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        foreach (Watched watched in _watched.Keys)
            watched.Look();
    }

    // The first of a row of unanswered attempts was longer ago than the last acknowledgement, or it is no row.
    private bool HasVanished(RelayEnd end, ref long? stuckSince)
    {
        bool isStuck = TcpState.TryRead(end.Socket, out TcpState state)
            && ((state.InFlight > 0 && state.Retransmits >= Attempts) || state.Probes >= Attempts);
        if (!isStuck)
            stuckSince = null;
        else if (stuckSince is not { } since || state.SinceLastAck < _time.GetElapsedTime(since))
            stuckSince = _time.GetTimestamp();
        // The row was under way for up to an interval when it was seen first.
        return isStuck && state.SinceLastAck >= _deadAfter && _time.GetElapsedTime(stuckSince!.Value) >= _deadAfter - _interval;
    }

    private sealed class Watched(VanishedPeers peers, RelayEnd a, RelayEnd b) : IDisposable
    {
        private long? _stuckA;
        private long? _stuckB;

        public void Look()
        {
            if (peers.HasVanished(a, ref _stuckA))
                a.Abort();
            else if (peers.HasVanished(b, ref _stuckB))
                b.Abort();
        }

        public void Dispose() => peers._watched.TryRemove(this, out _);
    }
}
