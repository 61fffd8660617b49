namespace Rabbit.Persistence.Database;

/// <summary>Lets writes pass, until it is closed: those that come then wait until it is opened again. Any thread may call.</summary>
internal sealed class WriteGate
{
    private readonly Lock _lock = new();
    private int _passing;
    private TaskCompletionSource? _closed;
    private TaskCompletionSource? _empty;

    /// <summary>Waits until it is open, and passes; <see cref="Leave"/> follows.</summary>
    public async ValueTask EnterAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task opened;
            lock (_lock)
            {
                if (_closed is null)
                {
                    _passing++;
                    return;
                }
                opened = _closed.Task;
            }
            await opened.WaitAsync(cancellationToken);
        }
    }

    /// <summary>A write is over.</summary>
    public void Leave()
    {
        lock (_lock)
        {
            if (--_passing == 0)
                _empty?.TrySetResult();
        }
    }

    /// <summary>Lets nobody pass from now on; completes when those that have passed have left.</summary>
    public Task CloseAsync()
    {
        lock (_lock)
        {
            _closed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _empty = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_passing == 0)
                _empty.SetResult();
            return _empty.Task;
        }
    }

    /// <summary>Lets all pass that wait, and all others.</summary>
    public void Open()
    {
        lock (_lock)
        {
            _closed?.TrySetResult();
            _closed = null;
        }
    }
}
