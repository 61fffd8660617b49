namespace Rabbit.Client.Connection;

/// <summary>
/// How long to wait before the next try: full jitter under a limit that doubles from half a second to half a minute, and
/// starts again after a session that was stable for a minute ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
/// </summary>
internal sealed class ReconnectBackoff(TimeProvider time, Random random)
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Stable = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan AtOnceWithin = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan AtOnceAfter = TimeSpan.FromSeconds(1);

    private TimeSpan _limit = First;
    private long? _connectedAt;

    /// <summary>A session began.</summary>
    public void Connected() => _connectedAt = time.GetTimestamp();

    /// <summary>The time to wait now; at least <paramref name="atLeast"/>.</summary>
    public TimeSpan Next(TimeSpan atLeast)
    {
        SessionEnded();
        TimeSpan wait = atLeast + (_limit * random.NextDouble());
        _limit = _limit * 2 < Longest ? _limit * 2 : Longest;
        return wait;
    }

    /// <summary>
    /// The time to wait when the server has ended the session and asked to come back at once: a moment, so that not all its clients
    /// come together. After a session of less than a second it is as any other.
    /// </summary>
    public TimeSpan AtOnce()
    {
        if (_connectedAt is not { } since || time.GetElapsedTime(since) < AtOnceAfter)
            return Next(TimeSpan.Zero);
        SessionEnded();
        return AtOnceWithin * random.NextDouble();
    }

    /// <summary>
    /// True when the session that has ended was long enough that another may follow at once elsewhere; then the wait is over. False after
    /// one of less than a second, and after none.
    /// </summary>
    public bool TryGoOn()
    {
        if (_connectedAt is not { } since || time.GetElapsedTime(since) < AtOnceAfter)
            return false;
        SessionEnded();
        return true;
    }

    private void SessionEnded()
    {
        if (_connectedAt is { } since && time.GetElapsedTime(since) >= Stable)
            _limit = First;
        _connectedAt = null;
    }
}
