using System.Runtime.InteropServices;
using Rabbit.Tunneling.Sessions;

namespace Rabbit.Host.Shutdown;

/// <summary>
/// SIGTERM, SIGINT and SIGQUIT: the first stops the server in order, within the drain's limit; the second ends it at once. A server whose
/// ports a successor has is stopping already, and the first gives its streams no more than that limit.
/// </summary>
internal sealed partial class StopSignals(Departure departure, IHostApplicationLifetime lifetime, ILogger<StopSignals> logger) : IHostLifetime, IDisposable
{
    private readonly List<PosixSignalRegistration> _registrations = [];
    private int _signals;

    /// <inheritdoc/>
    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        departure.EndsWithin += HardEnd.Within;
        foreach (var (signal, number) in new[] { (PosixSignal.SIGTERM, 15), (PosixSignal.SIGINT, 2), (PosixSignal.SIGQUIT, 3) })
        {
            _registrations.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                Stop(signal, number);
            }));
        }
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose() => _registrations.ForEach(registration => registration.Dispose());

    private void Stop(PosixSignal signal, int number)
    {
        if (Interlocked.Increment(ref _signals) > 1)
            HardEnd.Now(number);
        LogStopping(signal);
        departure.Begin();
        lifetime.StopApplication();
    }

    [LoggerMessage(EventIds.Stopping, LogLevel.Information, "Stopping on {Signal}; another ends the server at once")]
    private partial void LogStopping(PosixSignal signal);
}
