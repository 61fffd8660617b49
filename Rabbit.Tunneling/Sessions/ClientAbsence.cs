using System.Diagnostics.CodeAnalysis;

namespace Rabbit.Tunneling.Sessions;

/// <summary>When a tunnel's client left and why, whether it is expected back soon, and who waits for it. Any thread may call.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A source without a timer holds nothing to free, and visitors may still watch its token.")]
internal sealed class ClientAbsence(TimeProvider time)
{
    private readonly Lock _lock = new();
    private CancellationTokenSource _end = new();
    private (DateTimeOffset Since, string Reason) _last = (time.GetUtcNow(), "");
    private long _expectedUntil;

    /// <summary>When it left last, as far as this server has seen it, and why.</summary>
    public (DateTimeOffset Since, string Reason) Last
    {
        get
        {
            lock (_lock)
                return _last;
        }
    }

    /// <summary>Cancelled when a client comes; a fresh token follows when it leaves.</summary>
    public CancellationToken BecameLive
    {
        get
        {
            lock (_lock)
                return _end.Token;
        }
    }

    /// <summary>How long it is still on its way here from the server before this one; zero when it is not.</summary>
    public TimeSpan ExpectedFor
    {
        get
        {
            long until = Volatile.Read(ref _expectedUntil);
            return until == 0 ? TimeSpan.Zero : time.GetElapsedTime(time.GetTimestamp(), until);
        }
    }

    /// <summary>The client was connected to the server before this one: until this time is over it is on its way, also when it comes and goes again.</summary>
    public void Expect(TimeSpan within) =>
        Volatile.Write(ref _expectedUntil, time.GetTimestamp() + (long)(within.TotalSeconds * time.TimestampFrequency));

    /// <summary>It has left, or has not come yet.</summary>
    public void Begin(string reason)
    {
        lock (_lock)
        {
            _last = (time.GetUtcNow(), reason);
            _end = new CancellationTokenSource();
        }
    }

    /// <summary>
    /// It is here: to be called where <see cref="Begin"/> cannot come between, and the result, which tells those who wait for this absence
    /// and no later one, where that does no harm.
    /// </summary>
    public Action End()
    {
        lock (_lock)
            return _end.Cancel;
    }
}
