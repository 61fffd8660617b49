namespace Rabbit.Tests.Support;

/// <summary>The lines that a program has written so far, and those who wait for the next.</summary>
internal sealed class LineLog
{
    private readonly Lock _lock = new();
    private readonly List<string> _lines = [];
    private TaskCompletionSource _grown = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _completed;

    /// <summary>Number of lines so far: a mark for <see cref="WaitAsync"/>.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _lines.Count;
        }
    }

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lock)
                return [.. _lines];
        }
    }

    public void Append(string line)
    {
        lock (_lock)
        {
            _lines.Add(line);
            Wake();
        }
    }

    /// <summary>No more lines will come.</summary>
    public void Complete()
    {
        lock (_lock)
        {
            _completed = true;
            Wake();
        }
    }

    /// <summary>The first line at or after <paramref name="from"/> that matches; null when the program ends without one.</summary>
    public async Task<string?> WaitAsync(Func<string, bool> matches, int from, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task grown;
            lock (_lock)
            {
                for (; from < _lines.Count; from++)
                {
                    if (matches(_lines[from]))
                        return _lines[from];
                }
                if (_completed)
                    return null;
                grown = _grown.Task;
            }
            await grown.WaitAsync(cancellationToken);
        }
    }

    private void Wake()
    {
        _grown.SetResult();
        _grown = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
