namespace Rabbit.Tunneling;

/// <summary>Lets through at most one in a second: for log lines that a peer, or a shortage, could cause without end.</summary>
internal sealed class OncePerSecond(TimeProvider time)
{
    private long _last = long.MinValue;

    /// <summary>True for one caller a second; from any thread.</summary>
    public bool TryPass()
    {
        long last = Volatile.Read(ref _last);
        long now = time.GetTimestamp();
        return (last == long.MinValue || time.GetElapsedTime(last, now) >= TimeSpan.FromSeconds(1))
            && Interlocked.CompareExchange(ref _last, now, last) == last;
    }
}
