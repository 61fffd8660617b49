namespace Rabbit.Tests.Client.Connection;

/// <summary>
/// The system's clock, running so many times faster: a minute's silence is heard in a second. Waits shorter than
/// <paramref name="atLeast"/> (12 s) keep their length, so that a busy machine does not miss the deadline of a login.
/// </summary>
internal sealed class FastTime(int factor, TimeSpan? atLeast = null) : TimeProvider
{
    private readonly TimeSpan _atLeast = atLeast ?? TimeSpan.FromSeconds(12);

    public override long GetTimestamp() => System.GetTimestamp() * factor;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new FastTimer(this, System.CreateTimer(callback, state, Shorten(dueTime), Shorten(period)));

    private TimeSpan Shorten(TimeSpan time) => time < _atLeast ? time : time / factor;

    private sealed class FastTimer(FastTime time, ITimer timer) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(time.Shorten(dueTime), time.Shorten(period));

        public void Dispose() => timer.Dispose();

        public ValueTask DisposeAsync() => timer.DisposeAsync();
    }
}
