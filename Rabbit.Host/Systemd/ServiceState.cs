using Rabbit.Host.Handover;
using Rabbit.Tunneling.Sessions;

namespace Rabbit.Host.Systemd;

/// <summary>
/// Tells systemd, and who started a successor, when the server serves; and systemd that it stops. A process whose ports a successor has is no
/// longer the unit's.
/// </summary>
internal sealed class ServiceState(ServiceManager manager, Takeover takeover, Departure departure) : IHostedLifecycleService
{
    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        manager.TellReady(takeover.IsWanted);
        takeover.TellDone();
        departure.EndsWithin += TellStopping;
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void TellStopping(TimeSpan within)
    {
        if (!departure.IsHandedOver)
            manager.TellStopping(within);
    }
}
