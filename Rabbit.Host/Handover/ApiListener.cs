using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Rabbit.Host.Handover;

/// <summary>
/// A listener that can be told to accept no more and to go on listening, and that has no accept pending when it is closed: .NET would
/// disconnect the socket, also for the process that was given it.
/// </summary>
/// <param name="inner">Kestrel's.</param>
/// <param name="unbinding">Called before the socket is closed.</param>
internal sealed class ApiListener(IConnectionListener inner, Action unbinding) : IConnectionListener
{
    private readonly Lock _lock = new();
    private CancellationTokenSource _pausing = new();
    private TaskCompletionSource? _paused;
    private Task _accepting = Task.CompletedTask;
    private bool _isUnbound;

    /// <inheritdoc/>
    public EndPoint EndPoint => inner.EndPoint;

    /// <inheritdoc/>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var accepted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Task? paused;
            CancellationToken pausing;
            lock (_lock)
            {
                if (_isUnbound)
                    return null;
                paused = _paused?.Task;
                pausing = _pausing.Token;
                if (paused is null)
                    _accepting = accepted.Task;
            }
            if (paused is not null)
            {
                await paused;
                continue;
            }
            try
            {
                return await inner.AcceptAsync(pausing);
            }
            catch (OperationCanceledException) when (pausing.IsCancellationRequested)
            {
                // Looks again at what it is to do.
            }
            finally
            {
                accepted.SetResult();
            }
        }
    }

    /// <summary>Accepts no more when the task completes.</summary>
    public async Task PauseAsync()
    {
        Task accepting;
        CancellationTokenSource pausing;
        lock (_lock)
        {
            _paused ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            accepting = _accepting;
            pausing = _pausing;
        }
        await pausing.CancelAsync();
        await accepting;
    }

    /// <summary>Accepts again.</summary>
    public void Resume()
    {
        lock (_lock)
        {
            if (_paused is null)
                return;
            _pausing.Dispose();
            _pausing = new CancellationTokenSource();
            _paused.SetResult();
            _paused = null;
        }
    }

    /// <inheritdoc/>
    public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        await PauseAsync();
        lock (_lock)
        {
            if (_isUnbound)
                return;
            _isUnbound = true;
        }
        Resume();
        unbinding();
        await inner.UnbindAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await UnbindAsync();
        await inner.DisposeAsync();
        _pausing.Dispose();
    }
}
