using Rabbit.Host.Handover;
using Rabbit.Tunneling.Sessions;

namespace Rabbit.Host.Systemd;

/// <summary>Tells systemd when the server serves, and that it stops; a process whose ports a successor has is no longer the unit's.</summary>
internal sealed class ServiceState(ServiceManager manager, Takeover takeover, Departure departure) : IHostedLifecycleService
{
    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        manager.TellReady(takeover.IsWanted);
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
