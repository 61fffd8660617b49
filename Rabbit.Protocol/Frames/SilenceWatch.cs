namespace Rabbit.Protocol.Frames;

/// <summary>
/// Notices that the peer of a control channel has fallen silent. Both sides use it, so that both give a broken path up at about the
/// same time: <c>dead after</c> from the break, give or take a quarter of a heartbeat (docs/protocol.md, "Ping and Pong").
/// </summary>
public sealed class SilenceWatch : IAsyncDisposable
{
    private readonly TimeSpan _heartbeat;
    private readonly TimeSpan _limit;
    private readonly Action _onSilent;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private long _lastHeard;
    private long _dueAt;
    private bool _stoodStill;

    /// <param name="heartbeat">Interval of each side's pings.</param>
    /// <param name="deadAfter">How long after the path has broken it is given up.</param>
    /// <param name="onSilent">Called once, from any thread; must not block.</param>
    /// <param name="time">The clock.</param>
    public SilenceWatch(TimeSpan heartbeat, TimeSpan deadAfter, Action onSilent, TimeProvider time)
    {
        _heartbeat = heartbeat;
        // A frame comes every half interval, so that on average the path was sound for a quarter after the last.
        _limit = deadAfter + (heartbeat / 4);
        _onSilent = onSilent;
        _time = time;
        _lastHeard = time.GetTimestamp();
        // Started only when the field is set: a short time may be over before that.
        _timer = time.CreateTimer(static watch => ((SilenceWatch)watch!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        LookIn(_limit);
    }

    /// <summary>Time since the peer was heard last.</summary>
    public TimeSpan Silence => _time.GetElapsedTime(Volatile.Read(ref _lastHeard));

    /// <summary>The peer has said something, no matter what.</summary>
    public void Heard() => Volatile.Write(ref _lastHeard, _time.GetTimestamp());

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _timer.DisposeAsync();

    private void Look()
    {
        TimeSpan left = _limit - Silence;
        if (left > TimeSpan.Zero)
        {
            _stoodStill = false;
            LookIn(left);
        }
        else if (!_stoodStill && _time.GetElapsedTime(_dueAt) > _heartbeat)
        {
            // This process stood still itself, and has yet to read what came meanwhile.
            _stoodStill = true;
            LookIn(_heartbeat);
        }
        else
        {
            _onSilent();
        }
    }

    private void LookIn(TimeSpan span)
    {
        _dueAt = _time.GetTimestamp() + (long)(span.TotalSeconds * _time.TimestampFrequency);
        _timer.Change(span, Timeout.InfiniteTimeSpan);
    }
}
