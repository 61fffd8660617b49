using Microsoft.Extensions.Hosting;
using Rabbit.Tunneling.Cluster;
using Rabbit.Tunneling.ControlPort;
using Rabbit.Tunneling.Handover;

namespace Rabbit.Tunneling.Sessions;

/// <summary>
/// Stops in order: in a cluster the clients to the other nodes; no more visitors, a goodbye to every client, time for the streams to finish, then a reset for those that
/// did not. Sessions stay stored as they are, to be restored.
/// </summary>
internal sealed class TunnelDrain(
    TunnelRegistry registry, ControlPortListener controlPort, NodePort nodePort, NodeDrain nodeDrain, ForwardedVisitors forwarded, ListeningSockets listening,
    AbortSignal abortEverything, Departure departure, IHostApplicationLifetime lifetime, TimeProvider time) : IHostedService
{
    private static readonly TimeSpan AfterAbort = TimeSpan.FromSeconds(0.5);

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
        Task idle = Task.WhenAll(registry.Tunnels.Select(tunnel => tunnel.Port.WhenIdleAsync()).Append(forwarded.WhenIdleAsync()));
        try
        {
            using var over = CancellationTokenSource.CreateLinkedTokenSource(departure.StreamsEnd, cancellationToken);
            await idle.WaitAsync(over.Token);
        }
        catch (OperationCanceledException)
        {
            await abortEverything.FireAsync();
        }
        await Task.WhenAny(Task.WhenAll(idle, controlPort.WhenIdleAsync()), Task.Delay(AfterAbort, time, CancellationToken.None));
    }

    private async Task StopAcceptingAsync()
    {
        listening.Leave();
        if (!departure.HasBegun)
            departure.Begin(); // Stopped by the program itself, and not by a signal.
        // In a cluster the clients go first, and visitors are served until they are at the other nodes. A successor is no other node.
        if (!departure.IsHandedOver)
            await nodeDrain.BeginAsync();
        await Task.WhenAll(controlPort.UnbindAsync(), nodePort.UnbindAsync(), registry.CloseAsync(departure.IsHandedOver));
    }
}
