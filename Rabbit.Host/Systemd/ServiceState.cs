using Rabbit.Host.Handover;
using Rabbit.Tunneling.Sessions;

namespace Rabbit.Host.Systemd;

/// <summary>
/// Tells systemd, the server before this one, and who started it, when the server serves; and systemd that it stops. A process whose ports a successor has is no
/// longer the unit's.
/// </summary>
internal sealed class ServiceState(ServiceManager manager, Takeover takeover, Successor successor, Departure departure) : IHostedLifecycleService
{
    /// <inheritdoc/>
    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        departure.EndsWithin += TellStopping;
        manager.TellReady(takeover.IsWanted);
        await successor.TellServingAsync();
        takeover.TellDone();
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
