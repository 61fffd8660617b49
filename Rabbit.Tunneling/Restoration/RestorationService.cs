using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Rabbit.Tunneling.State;

namespace Rabbit.Tunneling.Restoration;

/// <summary>
/// Runs at the start, after the migrations and before any other port is bound: ends sessions whose client was gone for long,
/// and makes the ports of all others listen again.
/// </summary>
internal sealed partial class RestorationService(
    ISessionStore store, RestoredTunnels tunnels, IOptions<TunnelingOptions> options, TimeProvider time,
    ILogger<RestorationService> logger) : IHostedService
{
    /// <inheritdoc/>
    /// <exception cref="StoreUnavailableException">The database does not answer.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        long started = time.GetTimestamp();
        IReadOnlyList<Guid> stale = await store.EndStaleSessionsAsync(options.Value.StaleAfter, cancellationToken);
        IReadOnlyList<RestorableSession> restorable = await store.TakeRestorableSessionsAsync(cancellationToken);
        int listening = 0;
        await Parallel.ForEachAsync(restorable, cancellationToken, async (session, _) =>
        {
            if (await tunnels.RestoreSessionAsync(session))
                Interlocked.Increment(ref listening);
        });
        LogCompleted(listening, restorable.Count, stale.Count, time.GetElapsedTime(started).TotalMilliseconds);
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(EventIds.RestorationCompleted, LogLevel.Information, "Restoration: {Listening} of {Sessions} tunnel ports listen, {Stale} stale sessions ended, {Milliseconds:0} ms")]
    private partial void LogCompleted(int listening, int sessions, int stale, double milliseconds);
}
