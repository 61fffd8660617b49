using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Rabbit.Client.Connection;
using Rabbit.Client.Status;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Messages;

namespace Rabbit.Client.Health;

/// <summary>
/// Asks the local service again and again whether it works, and tells the server when that changes and after each login. It takes two
/// failures to be down, and one success to be up. Until the first login, when nobody has said yet what the service speaks, it is asked by a
/// connection.
/// </summary>
internal sealed partial class HealthWatch(LocalService service, HealthOptions options, TunnelStatus status, TimeProvider time, ILogger logger)
{
    private const int FailuresUntilDown = 2;

    // However many visitors are turned away, it is not asked more often than this because of them.
    private static readonly TimeSpan LeastRest = TimeSpan.FromSeconds(1);

    private readonly Channel<bool> _hints = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Lock _lock = new();
    private ControlWriter? _control;
    private ServiceProbe? _probe = ServiceProbe.Create(service, options, DeclaredService.Unknown, time);
    private DeclaredService? _declared;
    private ServiceHealth _health;
    private int _failures;

    /// <summary>A session has begun: the server says what the service is, and hears how it is.</summary>
    public void Attach(DeclaredService declared, ControlWriter control)
    {
        lock (_lock)
        {
            _control = control;
            bool isAskedOtherwise = options.Kind == ProbeKind.Declared && declared != (_declared ?? DeclaredService.Unknown);
            // Before the first login a mere connection was tried: that it worked does not say that the service does.
            if (isAskedOtherwise && _declared is null)
                (_health, _failures) = (default, 0);
            if (_health.State != ServiceState.Unknown)
                control.TryPost(_health);
            _declared = declared;
            if (!isAskedOtherwise)
                return;
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

    /// <summary>Asks at once, and then until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        TimeSpan rest = LeastRest < options.Retry ? LeastRest : options.Retry;
        Hint();
        try
        {
            while (true)
            {
                await WaitAsync(cancellationToken);
                if (Volatile.Read(ref _probe) is { } probe)
                {
                    Note(probe, await probe.RunAsync(cancellationToken));
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

    private void Note(ServiceProbe probe, in ServiceHealth seen)
    {
        if (seen.State == ServiceState.Unknown)
            return;
        ServiceState before;
        bool isAlone;
        lock (_lock)
        {
            if (probe != _probe)
                return;
            _failures = seen.State == ServiceState.Up ? 0 : _failures + 1;
            isAlone = _control is null;
            before = _health.State;
            // Before the first word there is nothing that one failure could contradict.
            if (seen == _health || (seen.State == ServiceState.Down && before == ServiceState.Up && _failures < FailuresUntilDown))
                return;
            _health = seen;
            _control?.TryPost(seen);
        }
        status.ServiceIs(seen);
        if (seen.State == before)
            return;
        if (seen.State == ServiceState.Down && isAlone)
            LogNotReady(seen.Sentence);
        else if (seen.State == ServiceState.Down)
            LogDown(seen.Sentence);
        else if (before == ServiceState.Down)
            LogUp();
    }

    [LoggerMessage(EventIds.LocalServiceNotReady, LogLevel.Warning, "The local service does not work: {Reason}; visitors are told so until it does")]
    private partial void LogNotReady(string reason);

    [LoggerMessage(EventIds.LocalServiceDown, LogLevel.Warning, "The local service is down: {Reason}; the server knows, and still sends visitors")]
    private partial void LogDown(string reason);

    [LoggerMessage(EventIds.LocalServiceUp, LogLevel.Information, "The local service works again")]
    private partial void LogUp();
}
