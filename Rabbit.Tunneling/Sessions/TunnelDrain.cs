using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Rabbit.Protocol.Messages;
using Rabbit.Tunneling.ControlPort;

namespace Rabbit.Tunneling.Sessions;

/// <summary>
/// Stops in order: no more visitors, a goodbye to every client, time for the streams to finish, then a reset for those that
/// did not. Sessions stay stored as they are, to be restored.
/// </summary>
internal sealed class TunnelDrain(
    TunnelRegistry registry, ControlPortListener controlPort, AbortSignal abortEverything, IHostApplicationLifetime lifetime, IOptions<TunnelingOptions> options,
    TimeProvider time) : IHostedService
{
    private static readonly TimeSpan AfterAbort = TimeSpan.FromSeconds(1);

    private CancellationTokenRegistration _stopping;
    private Task _unbound = Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        // The web server stops before us and waits for its requests, which may take a while.
        _stopping = lifetime.ApplicationStopping.Register(() => _unbound = StopAcceptingAsync());
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.DisposeAsync();
        await _unbound;
        Task idle = Task.WhenAll(registry.Tunnels.Select(tunnel => tunnel.Port.WhenIdleAsync()));
        try
        {
            await idle.WaitAsync(options.Value.DrainLimit, time, cancellationToken);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            await abortEverything.FireAsync();
        }
        await Task.WhenAny(Task.WhenAll(idle, controlPort.WhenIdleAsync()), Task.Delay(AfterAbort, time, CancellationToken.None));
    }

    private async Task StopAcceptingAsync()
    {
        var goAway = new GoAway(GoAwayReason.Shutdown, TimeSpan.Zero, "", "The server is stopping; the client comes back by itself.");
        Task stopped = Task.WhenAll(registry.Tunnels.Select(tunnel => tunnel.Port.StopAsync()).Append(controlPort.UnbindAsync()));
        foreach (Tunnel tunnel in registry.Tunnels)
            tunnel.Session?.End(SessionEnd.Shutdown, goAway);
        await stopped;
    }
}
