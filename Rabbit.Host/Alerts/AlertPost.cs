using System.Collections.Concurrent;
using Rabbit.Host.Startup;
using Rabbit.Persistence.Alerts;
using Rabbit.Tunneling.State;

namespace Rabbit.Host.Alerts;

/// <summary>
/// Delivers the alerts that wait, to each receiver one after the other and the oldest first, again and again until it takes them: after
/// 5 s, then after twice as long each time up to half an hour, for a day.
/// </summary>
internal sealed partial class AlertPost(
    AlertStore store, AlertQueue queue, AlertSender sender, AlertSettings settings, AlertMetrics metrics, StateStart state, TimeProvider time,
    ILogger<AlertPost> logger) : BackgroundService
{
    private const int MostAtOnce = 200;

    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan GiveUpAfter = TimeSpan.FromHours(24);

    // For one attempt, whose time-out is less: a process that ends meanwhile leaves it to the next.
    private static readonly TimeSpan Claim = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan StorePause = TimeSpan.FromSeconds(5);

    // Receivers that do not answer, and until when they are left alone.
    private readonly ConcurrentDictionary<string, DateTimeOffset> _resting = new();

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (settings.Targets.Count == 0)
            return;
        await state.Completed.WaitAsync(stoppingToken);
        bool isFirst = true;
        while (true)
        {
            TimeSpan pause;
            try
            {
                if (isFirst && await store.KeepOnlyAsync([.. settings.Targets.Select(target => target.Id)], stoppingToken) is > 0 and var dropped)
                    metrics.Lost(dropped);
                isFirst = false;
                pause = await DeliverAsync(stoppingToken);
            }
            catch (StoreUnavailableException)
            {
                pause = StorePause;
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(e);
                pause = LongestPause;
            }
            await WaitAsync(pause, stoppingToken);
        }
    }

    // What is due now; the time until something is again.
    private async Task<TimeSpan> DeliverAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        IReadOnlyList<AlertDelivery> due = await store.ListDueAsync(now, MostAtOnce, cancellationToken);
        await Task.WhenAll(settings.Targets.Where(target => !(_resting.TryGetValue(target.Id, out DateTimeOffset until) && until > now))
            .Select(target => DeliverToAsync(target, due.Where(delivery => delivery.Target == target.Id), cancellationToken)));
        var (waiting, next) = await store.ReadWaitingAsync(cancellationToken);
        metrics.Waiting(waiting);
        now = time.GetUtcNow();
        // Those of a receiver that rests are due, but not to be tried.
        DateTimeOffset? rested = _resting.Values.Where(until => until > now).Order().Cast<DateTimeOffset?>().FirstOrDefault();
        TimeSpan pause = (next <= now ? rested ?? now : next ?? DateTimeOffset.MaxValue) - now;
        return pause < LongestPause ? pause : LongestPause;
    }

    private async Task DeliverToAsync(AlertTarget target, IEnumerable<AlertDelivery> deliveries, CancellationToken cancellationToken)
    {
        foreach (AlertDelivery delivery in deliveries)
        {
            if (!await store.ClaimAsync(delivery, time.GetUtcNow() + Claim, cancellationToken))
                continue;
            AlertFailure? failure = await sender.SendAsync(target, delivery.AlertId, delivery.Body, cancellationToken);
            DateTimeOffset now = time.GetUtcNow();
            if (failure is null)
            {
                metrics.Delivered();
                _resting.TryRemove(target.Id, out _);
                await store.RemoveAsync(delivery.Id, cancellationToken);
                continue;
            }
            metrics.Failed();
            DateTimeOffset retry = now + RetryAfter(delivery.Attempts);
            if (retry - delivery.MadeAt > GiveUpAfter)
            {
                metrics.Lost(1);
                LogGivenUp(delivery.AlertId, target.Name, failure.Reason);
                await store.RemoveAsync(delivery.Id, cancellationToken);
            }
            else
            {
                if (delivery.Attempts == 0)
                    LogNotDelivered(delivery.AlertId, target.Name, failure.Reason);
                await store.PostponeAsync(delivery.Id, retry, cancellationToken);
            }
            if (failure.IsOfThisAlone)
                continue;
            // Those behind it wait as well: they would fail the same way, or arrive before it.
            _resting[target.Id] = retry;
            return;
        }
    }

    // A fifth more or less, so that receivers of many servers are not met by all of them at once.
    private static TimeSpan RetryAfter(int attempts)
    {
        TimeSpan pause = FirstRetry * Math.Pow(2, Math.Min(attempts, 16));
        return (pause < LongestRetry ? pause : LongestRetry) * (0.8 + 0.4 * Random.Shared.NextDouble());
    }

    private async Task WaitAsync(TimeSpan pause, CancellationToken cancellationToken)
    {
        using var due = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using ITimer timer = time.CreateTimer(static due => ((CancellationTokenSource)due!).Cancel(), due, pause < TimeSpan.Zero ? TimeSpan.Zero : pause, Timeout.InfiniteTimeSpan);
        try
        {
            await queue.News.ReadAsync(due.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Something is due.
        }
    }

    [LoggerMessage(EventIds.AlertNotDelivered, LogLevel.Warning, "The alert {Id} has not reached {Receiver}: {Reason}; it is sent again for a day")]
    private partial void LogNotDelivered(string id, string receiver, string reason);

    [LoggerMessage(EventIds.AlertGivenUp, LogLevel.Error, "The alert {Id} is lost, since {Receiver} has not taken it for a day: {Reason}")]
    private partial void LogGivenUp(string id, string receiver, string reason);

    [LoggerMessage(EventIds.AlertPostFailed, LogLevel.Error, "Alerts could not be delivered; trying again")]
    private partial void LogFailed(Exception exception);
}
