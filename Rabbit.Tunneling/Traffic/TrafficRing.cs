namespace Rabbit.Tunneling.Traffic;

/// <summary>The last seconds of one stream of figures. It holds no memory until something was carried.</summary>
internal sealed class TrafficRing
{
    private readonly Lock _lock = new();
    private TrafficSample[]? _samples;
    private long _second;

    /// <summary>Notes what was carried in a second; seconds only grow, and those left out carried nothing.</summary>
    public void Add(long second, TrafficSample sample)
    {
        lock (_lock)
        {
            if (_samples is null && sample == default)
                return;
            _samples ??= new TrafficSample[TrafficHistory.Seconds];
            long first = Math.Max(_second + 1, second - _samples.Length + 1);
            for (long skipped = first; skipped < second; skipped++)
                _samples[skipped % _samples.Length] = default;
            _samples[second % _samples.Length] = sample;
            _second = second;
        }
    }

    /// <summary>Adds the seconds up to and with <paramref name="second"/> to the sums, the oldest first.</summary>
    public void AddTo(TrafficSample[] sums, long second)
    {
        lock (_lock)
        {
            if (_samples is null)
                return;
            for (int i = 0; i < sums.Length; i++)
            {
                long at = second - sums.Length + 1 + i;
                if (at > _second || at <= _second - _samples.Length)
                    continue;
                TrafficSample sample = _samples[at % _samples.Length];
                sums[i] = new TrafficSample(sums[i].FromVisitors + sample.FromVisitors, sums[i].ToVisitors + sample.ToVisitors);
            }
        }
    }
}
