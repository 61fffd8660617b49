namespace Rabbit.Persistence.Database;

/// <summary>The pauses of a writer that waits for its database: 100 ms, doubling to 5 s.</summary>
internal struct Backoff()
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    private TimeSpan _next = TimeSpan.FromMilliseconds(100);

    /// <summary>The pause before the next attempt.</summary>
    public TimeSpan Next()
    {
        TimeSpan pause = _next;
        _next = pause * 2 < Longest ? pause * 2 : Longest;
        return pause;
    }
}
