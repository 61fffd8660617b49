using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.State;

namespace Rabbit.Tunneling.Cluster;

/// <summary>
/// Looks in the database which of the sessions that this node goes on with were ended by another one: stale ones, whose port is closed, and
/// those that an operator closed there.
/// </summary>
internal sealed partial class EndedSessionWatch(
    ITunnelDirectory directory, TunnelRegistry registry, ISessionStore store, TimeProvider time, ILogger<EndedSessionWatch> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1.5);

    private bool _isAway;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!directory.IsShared)
            return;
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await LookAsync(stoppingToken);
                _isAway = false;
            }
            catch (StoreUnavailableException e)
            {
                if (!_isAway)
                    LogUnknown(e.Message);
                _isAway = true;
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                // A bug in one round must not end the rounds, let alone the server.
                LogFailed(e);
            }
        }
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        HashSet<(Guid SessionId, long Epoch)> known = [.. registry.Tunnels.Select(tunnel => tunnel.Stored).OfType<(Guid, long)>()];
        if (known.Count == 0)
            return;
        foreach (EndedSession ended in await store.FindEndedAsync([.. known.Select(session => session.SessionId)], cancellationToken))
        {
            // What is stored of an earlier epoch says nothing of the client that has come since.
            if (!known.Contains((ended.SessionId, ended.Epoch)))
                continue;
            if (ended.Reason != EndedSession.Stale || !await registry.ForgetStaleAsync(ended.SessionId))
                registry.ForgetEnded(ended);
        }
    }

    [LoggerMessage(EventIds.EndedSessionsUnknown, LogLevel.Warning, "Sessions that other nodes end are ended here when the database answers again: {Reason}")]
    private partial void LogUnknown(string reason);

    [LoggerMessage(EventIds.EndedSessionWatchFailed, LogLevel.Error, "Looking for sessions that other nodes have ended failed")]
    private partial void LogFailed(Exception exception);
}
