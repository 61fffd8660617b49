using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rabbit.Persistence.Database;
using Rabbit.Persistence.Management;
using Rabbit.Tunneling.Cluster;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.Statistics;

/// <summary>Keeps the sums of the hours up to date, and removes those that are older than server_settings say: every minute.</summary>
internal sealed partial class StatisticsService(RabbitDatabase database, HourSums sums, IDuties duties, TimeProvider time, ILogger<StatisticsService> logger)
    : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await database.WhenReleasedAsync(stoppingToken);
        using var timer = new PeriodicTimer(Interval, time);
        bool isAway = false;
        do
        {
            if (!duties.AreMine)
                continue;
            try
            {
                await sums.RunAsync(stoppingToken);
                await RemoveOldAsync(stoppingToken);
                isAway = false;
            }
            catch (StoreUnavailableException e)
            {
                if (!isAway)
                    LogWaiting(e.Message);
                isAway = true;
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                // A bug in one round must not end the rounds, let alone the server.
                LogFailed(e);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task RemoveOldAsync(CancellationToken cancellationToken)
    {
        int days = await database.RunAsync(context => ServerSettings.GetDaysAsync(context, ServerSettings.StatisticsDays, cancellationToken)) ?? 0;
        if (days == 0)
            return;
        DateTimeOffset limit = time.GetUtcNow().AddDays(-days);
        if (await database.RunAsync(context => context.Hours.AnyAsync(row => row.Hour < limit, cancellationToken)))
            await database.WriteAsync(context => context.Hours.Where(row => row.Hour < limit).ExecuteDeleteAsync(cancellationToken), cancellationToken);
    }

    [LoggerMessage(EventIds.StatisticsWait, LogLevel.Warning, "Statistics wait for the database: {Reason}")]
    private partial void LogWaiting(string reason);

    [LoggerMessage(EventIds.StatisticsFailed, LogLevel.Error, "Statistics could not be summed up; trying again in a minute")]
    private partial void LogFailed(Exception exception);
}
