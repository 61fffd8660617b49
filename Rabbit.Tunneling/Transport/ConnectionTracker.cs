namespace Rabbit.Tunneling.Transport;

/// <summary>Owns the tasks of a port's connections: counts them, and tells when the last has finished.</summary>
internal sealed class ConnectionTracker
{
    private readonly Lock _lock = new();
    private TaskCompletionSource? _idle;
    private int _count;

    /// <summary>Connections whose task has not finished.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Takes ownership of a connection's task, which never fails.</summary>
    public void Track(Task connection)
    {
        if (connection.IsCompleted)
            return;
        Begin();
        _ = connection.ContinueWith(
            static (_, tracker) => ((ConnectionTracker)tracker!).End(), this, CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>Completes when no tracked task is unfinished.</summary>
    public Task WhenIdleAsync()
    {
        lock (_lock)
        {
            _idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Task idle = _idle.Task;
            // Looked at after the source was published, so that a connection finishing meanwhile completes it.
            if (Count == 0)
            {
                _idle.TrySetResult();
                _idle = null;
            }
            return idle;
        }
    }

    /// <summary>Counts one that is no task; <see cref="End"/> follows.</summary>
    public void Begin() => Interlocked.Increment(ref _count);

    /// <summary>One has finished.</summary>
    public void End()
    {
        if (Interlocked.Decrement(ref _count) != 0)
            return;
        TaskCompletionSource? idle;
        lock (_lock)
            (idle, _idle) = (_idle, null);
        idle?.TrySetResult();
    }
}
