using Microsoft.AspNetCore.Hosting.Server;

namespace Rabbit.Host.Shutdown;

/// <summary>
/// Ends the API before everything else stops: requests get a moment, and are then cut. The web server would wait for those that never end
/// as long as for the tunnels' streams, and nothing else would stop meanwhile.
/// </summary>
internal sealed class ApiEnd(IServer server, TimeProvider time) : IHostedLifecycleService
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        using var over = new CancellationTokenSource(Limit, time);
        await server.StopAsync(over.Token);
    }

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
