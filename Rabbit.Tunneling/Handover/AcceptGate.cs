namespace Rabbit.Tunneling.Handover;

/// <summary>
/// Closed from the start of a server that takes over until the server before it accepts no more; who connects meanwhile waits in the
/// kernel's queue. In any other server it is open.
/// </summary>
public sealed class AcceptGate
{
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isClosed;

    /// <summary>Completes when connections may be accepted.</summary>
    public Task Opened => _isClosed ? _opened.Task : Task.CompletedTask;

    /// <summary>Closes it, before anything is bound.</summary>
    public void Close() => _isClosed = true;

    /// <summary>Opens it for good.</summary>
    public void Open() => _opened.TrySetResult();
}
