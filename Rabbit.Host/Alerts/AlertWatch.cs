using Rabbit.Host.Startup;
using Rabbit.Persistence.Alerts;
using Rabbit.Tunneling.Cluster;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.State;

namespace Rabbit.Host.Alerts;

/// <summary>
/// Looks at tunnels and tokens every few seconds, and puts alerts on their way. It goes by what is, not by what happens: nothing is missed
/// when much happens, and a client that is back within the grace is no alert.
/// </summary>
internal sealed partial class AlertWatch(
    TunnelRegistry tunnels, AlertStore store, AlertQueue queue, AlertSettings settings, AlertMetrics metrics, IDuties duties, StateStart state,
    IHostApplicationLifetime lifetime, TimeProvider time, ILogger<AlertWatch> logger) : BackgroundService
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan TokenInterval = TimeSpan.FromSeconds(10);

    // By token and type; as it is in the database, which is read again with the tokens: tokens may be gone.
    private Dictionary<(string TokenId, string Type), AlertProblem> _told = [];
    private Dictionary<(string TokenId, string Type), (DateTimeOffset Since, long Seen)> _growing = [];

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        metrics.Announce();
        if (settings.Targets.Count == 0)
            return;
        // While the server stops its clients leave, which nobody is to be told of.
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, lifetime.ApplicationStopping);
        try
        {
            await state.Completed.WaitAsync(ending.Token);
            await WatchAsync(ending.Token);
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        TimeSpan pause = TimeSpan.FromTicks(Math.Clamp(settings.Grace.Ticks / 4, ShortestPause.Ticks, LongestPause.Ticks));
        long? tokensSeen = null;
        while (true)
        {
            try
            {
                if (tokensSeen is not { } seen || time.GetElapsedTime(seen) >= TokenInterval)
                {
                    tokensSeen = null;
                    _told = (await store.ListProblemsAsync(cancellationToken)).ToDictionary(problem => (problem.TokenId, problem.Type));
                    await LookAtTokensAsync(cancellationToken);
                    tokensSeen = time.GetTimestamp();
                }
                await LookAtTunnelsAsync(cancellationToken);
            }
            catch (StoreUnavailableException)
            {
                // What is wrong with tunnels stays so, and is told when the database is back.
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                LogFailed(e);
            }
            await Task.Delay(pause, time, cancellationToken);
        }
    }

    private async Task LookAtTunnelsAsync(CancellationToken cancellationToken)
    {
        var growing = new Dictionary<(string TokenId, string Type), (DateTimeOffset Since, long Seen)>();
        foreach (TunnelSnapshot tunnel in tunnels.List().Where(IsLookedAfter))
        {
            if (tunnel.Health == TunnelHealth.ClientOffline)
            {
                await TellAfterGraceAsync(AlertTypes.TunnelOffline, tunnel, AlertText.Offline);
                continue;
            }
            await TellEndAsync(AlertTypes.TunnelOffline, AlertTypes.TunnelLive, tunnel, AlertText.Live);
            if (tunnel.Health == TunnelHealth.ServiceDown)
                await TellAfterGraceAsync(AlertTypes.ServiceDown, tunnel, AlertText.ServiceDown);
            else if (tunnel.Health == TunnelHealth.Ok)
                await TellEndAsync(AlertTypes.ServiceDown, AlertTypes.ServiceUp, tunnel, AlertText.ServiceUp);
        }
        _growing = growing;

        async Task TellAfterGraceAsync(string type, TunnelSnapshot tunnel, Func<TunnelSnapshot, string> sentence)
        {
            var key = (tunnel.TokenId, type);
            if (_told.ContainsKey(key))
                return;
            // By the process's own clock, which nobody sets: the wall clock only says whether it is still the same absence.
            if (!_growing.TryGetValue(key, out var seen) || seen.Since != tunnel.HealthSince)
                seen = (tunnel.HealthSince, time.GetTimestamp());
            growing[key] = seen;
            if (time.GetElapsedTime(seen.Seen) < settings.Grace)
                return;
            var problem = new AlertProblem(tunnel.TokenId, type, "", tunnel.HealthSince);
            await queue.SaveAsync(problem, isOver: false, Make(type, tunnel, tunnel.HealthSince, tunnel.HealthReason, sentence(tunnel)), cancellationToken);
            _told[key] = problem;
        }

        async Task TellEndAsync(string type, string endType, TunnelSnapshot tunnel, Func<TunnelSnapshot, string> sentence)
        {
            if (!_told.TryGetValue((tunnel.TokenId, type), out AlertProblem? problem))
                return;
            await queue.SaveAsync(problem, isOver: true, Make(endType, tunnel, problem.Since, "", sentence(tunnel)), cancellationToken);
            _told.Remove((tunnel.TokenId, type));
        }
    }

    // In a cluster each node looks after its own clients, and one of them after those that are away.
    private bool IsLookedAfter(TunnelSnapshot tunnel) =>
        tunnel.State != TunnelState.Draining && !tunnel.IsElsewhere && (tunnel.Health != TunnelHealth.ClientOffline || duties.AreMine);

    private async Task LookAtTokensAsync(CancellationToken cancellationToken)
    {
        if (settings.ExpiryDays.Count == 0 || !duties.AreMine)
            return;
        DateTimeOffset now = time.GetUtcNow();
        foreach (ExpiringToken token in await store.ListExpiringAsync(now, now.AddDays(settings.ExpiryDays[^1]), cancellationToken))
        {
            // Each token is told of once for each of the days, and of the nearest alone where several are reached at once.
            int days = settings.ExpiryDays.First(days => token.ExpiresAt - now <= TimeSpan.FromDays(days));
            string mark = AlertText.Mark(token.ExpiresAt, days);
            var key = (token.TokenId, AlertTypes.TokenExpiring);
            if (_told.TryGetValue(key, out AlertProblem? told) && told.Mark == mark)
                continue;
            var problem = new AlertProblem(token.TokenId, AlertTypes.TokenExpiring, mark, now);
            var alert = new Alert(AlertTypes.TokenExpiring, now, new Alert.Subject(
                token.Port, token.TeamId, token.TeamName, token.TokenId, token.TokenName, null, null, token.ExpiresAt, AlertText.Expiring(token, now)));
            await queue.SaveAsync(problem, isOver: false, alert, cancellationToken);
            _told[key] = problem;
        }
    }

    private Alert Make(string type, TunnelSnapshot tunnel, DateTimeOffset since, string reason, string sentence) => new(
        type, time.GetUtcNow(), new Alert.Subject(
            tunnel.Port, tunnel.TeamId, tunnel.TeamName, tunnel.TokenId, tunnel.TokenName, since, reason.Length > 0 ? reason : null, ExpiresAt: null, sentence));

    [LoggerMessage(EventIds.AlertWatchFailed, LogLevel.Error, "What is to be alerted of could not be looked at; trying again")]
    private partial void LogFailed(Exception exception);
}
