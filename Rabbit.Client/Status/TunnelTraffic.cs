using Rabbit.Protocol.Relay;

namespace Rabbit.Client.Status;

/// <summary>Counts a tunnel's visitors and their bytes.</summary>
internal sealed class TunnelTraffic(TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly HashSet<RelayCounters> _running = [];
    private long _visitors;
    private long _finishedUp;
    private long _finishedDown;
    private TrafficFigures _last;
    private long _lastAt = time.GetTimestamp();

    /// <summary>A visitor has reached the local service, which is A of its relay.</summary>
    public void Begin(RelayCounters visitor)
    {
        lock (_lock)
        {
            _visitors++;
            _running.Add(visitor);
        }
    }

    /// <summary>A visitor has gone.</summary>
    public void End(RelayCounters visitor)
    {
        lock (_lock)
        {
            _running.Remove(visitor);
            _finishedUp += visitor.AToB;
            _finishedDown += visitor.BToA;
        }
    }

    /// <summary>What there is now; the rates are of the time since the last call, when that is long enough to say.</summary>
    public TrafficFigures Measure()
    {
        lock (_lock)
        {
            long up = _finishedUp, down = _finishedDown;
            foreach (RelayCounters visitor in _running)
            {
                up += visitor.AToB;
                down += visitor.BToA;
            }
            double seconds = time.GetElapsedTime(_lastAt).TotalSeconds;
            bool isNews = seconds >= 0.9;
            var now = new TrafficFigures(
                _running.Count, _visitors, up, down,
                isNews ? (long)((up - _last.Up) / seconds) : _last.UpPerSecond, isNews ? (long)((down - _last.Down) / seconds) : _last.DownPerSecond);
            if (isNews)
                (_last, _lastAt) = (now, time.GetTimestamp());
            return now;
        }
    }
}
