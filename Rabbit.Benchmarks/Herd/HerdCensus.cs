namespace Rabbit.Benchmarks.Herd;

/// <summary>Who of a herd is connected, and how the logins went since the last beginning.</summary>
internal sealed class HerdCensus(int clients)
{
    private readonly Lock _lock = new();
    private readonly List<long> _backAt = [];
    private readonly List<TimeSpan> _logins = [];
    private TaskCompletionSource _allUp = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _up;

    /// <summary>How many are connected now.</summary>
    public int Up => Volatile.Read(ref _up);

    /// <summary>Tries that failed since the beginning.</summary>
    public int Failures { get; private set; }

    /// <summary>Why, and how often.</summary>
    public Dictionary<string, int> Reasons { get; } = [];

    /// <summary>When each came back, the first first, by the monotonic clock.</summary>
    public long[] BackAt
    {
        get
        {
            lock (_lock)
                return [.. _backAt.Order()];
        }
    }

    /// <summary>How long each successful login took, from connecting to the server's greeting; the shortest first.</summary>
    public TimeSpan[] Logins
    {
        get
        {
            lock (_lock)
                return [.. _logins.Order()];
        }
    }

    /// <summary>Begins to count anew.</summary>
    public void Begin()
    {
        lock (_lock)
        {
            _backAt.Clear();
            _logins.Clear();
            Reasons.Clear();
            Failures = 0;
        }
    }

    /// <summary>Completes as soon as all are connected.</summary>
    public Task WhenAllUpAsync()
    {
        lock (_lock)
            return _up == clients ? Task.CompletedTask : _allUp.Task;
    }

    public void IsUp(TimeSpan login)
    {
        lock (_lock)
        {
            _backAt.Add(TimeProvider.System.GetTimestamp());
            _logins.Add(login);
            if (++_up == clients)
                _allUp.TrySetResult();
        }
    }

    public void IsDown()
    {
        lock (_lock)
        {
            if (_up-- == clients)
                _allUp = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public void HasFailed(string reason)
    {
        lock (_lock)
        {
            Failures++;
            Reasons[reason] = Reasons.GetValueOrDefault(reason) + 1;
        }
    }
}
