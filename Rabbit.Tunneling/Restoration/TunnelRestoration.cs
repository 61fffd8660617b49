using Microsoft.Extensions.Logging;
using Rabbit.Tunneling.State;

namespace Rabbit.Tunneling.Restoration;

/// <summary>
/// Once the database is up to date, and before the control port is bound: ends sessions whose client was gone for long, and
/// makes the ports of all others listen again.
/// </summary>
public sealed partial class TunnelRestoration
{
    private readonly ISessionStore _store;
    private readonly RestoredTunnels _tunnels;
    private readonly TunnelingOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<TunnelRestoration> _logger;

    internal TunnelRestoration(
        ISessionStore store, RestoredTunnels tunnels, TunnelingOptions options, TimeProvider time, ILogger<TunnelRestoration> logger)
    {
        _store = store;
        _tunnels = tunnels;
        _options = options;
        _time = time;
        _logger = logger;
    }

    /// <summary>How long the last restoration took, or null before it.</summary>
    public TimeSpan? Duration { get; private set; }

    /// <summary>Restores every session that has not ended; when it returns, their ports listen, or are being retried.</summary>
    /// <exception cref="StoreUnavailableException">The database does not answer.</exception>
    public async Task RestoreAsync(CancellationToken cancellationToken)
    {
        long started = _time.GetTimestamp();
        IReadOnlyList<Guid> stale = await _store.EndStaleSessionsAsync(_options.StaleAfter, cancellationToken);
        IReadOnlyList<RestorableSession> restorable = await _store.TakeRestorableSessionsAsync(cancellationToken);
        Report(await RestoreAllAsync(restorable, cancellationToken), restorable.Count, stale.Count, started);
    }

    /// <summary>
    /// For a server that takes over: restores every session that has not ended while the server before it still serves them. Their ports
    /// accept nobody before the gate is open.
    /// </summary>
    /// <exception cref="StoreUnavailableException">The database does not answer.</exception>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        long started = _time.GetTimestamp();
        IReadOnlyList<RestorableSession> restorable = await _store.FindRestorableSessionsAsync(cancellationToken);
        Report(await RestoreAllAsync(restorable, cancellationToken), restorable.Count, stale: 0, started);
    }

    /// <summary>The server before this one serves no more: marks its sessions as without a client, and restores those that have begun since.</summary>
    /// <exception cref="StoreUnavailableException">The database does not answer.</exception>
    public async Task CompleteAsync(CancellationToken cancellationToken) =>
        await RestoreAllAsync(await _store.TakeRestorableSessionsAsync(cancellationToken), cancellationToken);

    private async Task<int> RestoreAllAsync(IReadOnlyList<RestorableSession> restorable, CancellationToken cancellationToken)
    {
        int listening = 0;
        await Parallel.ForEachAsync(restorable, cancellationToken, async (session, _) =>
        {
            if (await _tunnels.RestoreSessionAsync(session))
                Interlocked.Increment(ref listening);
        });
        return listening;
    }

    private void Report(int listening, int sessions, int stale, long started)
    {
        TimeSpan duration = _time.GetElapsedTime(started);
        Duration = duration;
        LogCompleted(listening, sessions, stale, duration.TotalMilliseconds);
    }

    [LoggerMessage(EventIds.RestorationCompleted, LogLevel.Information, "Restoration: {Listening} of {Sessions} tunnel ports listen, {Stale} stale sessions ended, {Milliseconds:0} ms")]
    private partial void LogCompleted(int listening, int sessions, int stale, double milliseconds);
}
