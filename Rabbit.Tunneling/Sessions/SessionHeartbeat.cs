using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Rabbit.Tunneling.Cluster;
using Rabbit.Tunneling.State;

namespace Rabbit.Tunneling.Sessions;

/// <summary>
/// Once a heartbeat interval: stores which clients are alive, in one batch; ends sessions whose client has been gone for too
/// long; and lets every session do its housekeeping.
/// </summary>
internal sealed partial class SessionHeartbeat(
    TunnelRegistry registry, ISessionStore store, IDuties duties, IOptions<TunnelingOptions> options, TimeProvider time,
    ILogger<SessionHeartbeat> logger) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.HeartbeatInterval, time);
        long last = time.GetTimestamp();
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                var live = new List<Guid>();
                foreach (Tunnel tunnel in registry.Tunnels)
                {
                    // Of a client at another node, that node says that it is alive.
                    if (tunnel.Session is not { } session || session is RemoteSession)
                        continue;
                    live.Add(session.Record.SessionId);
                    await session.SweepAsync();
                    tunnel.PublishLiveSession();
                }

                // Time in which the database was away makes nobody stale: no client could be seen to come back.
                TimeSpan sinceLast = time.GetElapsedTime(last);
                last = time.GetTimestamp();
                // Among several nodes one counts for all, and ends what is stale.
                await store.HeartbeatAsync(live, duties.AreMine ? sinceLast : TimeSpan.Zero, stoppingToken);
                if (!duties.AreMine)
                    continue;
                foreach (Guid stale in await store.EndStaleSessionsAsync(options.Value.StaleAfter, stoppingToken))
                {
                    if (await registry.ForgetStaleAsync(stale))
                        LogStale(stale);
                }
            }
            catch (StoreUnavailableException e)
            {
                LogNotStored(e.Message);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                // A bug in one round must not end the rounds, let alone the server.
                LogFailed(e);
            }
        }
    }

    [LoggerMessage(EventIds.StaleSessionEnded, LogLevel.Information, "Session {SessionId} ended: its client has not been seen for too long, and its port is closed until it returns")]
    private partial void LogStale(Guid sessionId);

    [LoggerMessage(EventIds.HeartbeatFailed, LogLevel.Error, "The heartbeat round failed")]
    private partial void LogFailed(Exception exception);

    [LoggerMessage(EventIds.HeartbeatNotStored, LogLevel.Warning, "Heartbeats could not be stored ({Reason}); the next batch makes up for it")]
    private partial void LogNotStored(string reason);
}
