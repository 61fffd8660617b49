using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Rabbit.Client.Connection;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Messages;

namespace Rabbit.Client.Health;

/// <summary>
/// Asks the local service again and again whether it works, and tells the server when that changes and after each login. It takes two
/// failures to be down, and one success to be up.
/// </summary>
internal sealed partial class HealthWatch(LocalService service, HealthOptions options, TimeProvider time, ILogger logger)
{
    private const int FailuresUntilDown = 2;

    // However many visitors are turned away, it is not asked more often than this because of them.
    private static readonly TimeSpan LeastRest = TimeSpan.FromSeconds(1);

    private readonly Channel<bool> _hints = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Lock _lock = new();
    private ControlWriter? _control;
    private ServiceProbe? _probe;
    private DeclaredService? _declared;
    private ServiceHealth _health;
    private int _failures;

    /// <summary>A session has begun: the server says what the service is, and hears how it is.</summary>
    public void Attach(DeclaredService declared, ControlWriter control)
    {
        lock (_lock)
        {
            _control = control;
            if (_health.State != ServiceState.Unknown)
                control.TryPost(_health);
            if (declared == _declared)
                return;
            _declared = declared;
            _probe = ServiceProbe.Create(service, options, declared, time);
        }
        Hint();
    }

    /// <summary>The session has ended; what changes from now on the next one hears.</summary>
    public void Detach(ControlWriter control)
    {
        lock (_lock)
        {
            if (_control == control)
                _control = null;
        }
    }

    /// <summary>Something speaks for the service being down, such as a visitor who was refused: it is asked soon.</summary>
    public void Hint() => _hints.Writer.TryWrite(true);

    /// <summary>Asks until it is cancelled; nothing before the first session.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        TimeSpan rest = LeastRest < options.Retry ? LeastRest : options.Retry;
        try
        {
            while (true)
            {
                await WaitAsync(cancellationToken);
                if (Volatile.Read(ref _probe) is { } probe)
                {
                    Note(await probe.RunAsync(cancellationToken));
                    await Task.Delay(rest, time, cancellationToken);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The client stops.
        }
    }

    // Until the next probe is due, or there is a reason for it before.
    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        ServiceProbe? probe = Volatile.Read(ref _probe);
        bool isWell = _health.State != ServiceState.Down && _failures == 0;
        TimeSpan wait = probe is null || (isWell && probe.IsToBeSpared) ? Timeout.InfiniteTimeSpan : isWell ? options.Interval : options.Retry;
        using var over = new CancellationTokenSource(wait, time);
        using var due = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, over.Token);
        try
        {
            await _hints.Reader.ReadAsync(due.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // It is due.
        }
    }

    private void Note(in ServiceHealth seen)
    {
        if (seen.State == ServiceState.Unknown)
            return;
        _failures = seen.State == ServiceState.Up ? 0 : _failures + 1;
        ServiceState before;
        lock (_lock)
        {
            before = _health.State;
            // Before the first word there is nothing that one failure could contradict.
            if (seen == _health || (seen.State == ServiceState.Down && before == ServiceState.Up && _failures < FailuresUntilDown))
                return;
            _health = seen;
            _control?.TryPost(seen);
        }
        if (seen.State == before)
            return;
        if (seen.State == ServiceState.Down)
            LogDown(seen.Sentence);
        else if (before == ServiceState.Down)
            LogUp();
    }

    [LoggerMessage(EventIds.LocalServiceDown, LogLevel.Warning, "The local service is down: {Reason}; the server knows, and still sends visitors")]
    private partial void LogDown(string reason);

    [LoggerMessage(EventIds.LocalServiceUp, LogLevel.Information, "The local service works again")]
    private partial void LogUp();
}
