using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rabbit.Persistence.Database;
using Rabbit.Persistence.Management;
using Rabbit.Persistence.Model;
using Rabbit.Tunneling.Cluster;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.Retention;

/// <summary>
/// Removes connections and sessions that have been over for longer than server_settings say, and makes the partitions of the
/// months to come: a minute after the start, and then every hour.
/// </summary>
internal sealed partial class RetentionService(RabbitDatabase database, IDuties duties, TimeProvider time, ILogger<RetentionService> logger) : BackgroundService
{
    // Small enough that on SQLite the other writers, who wait their turn meanwhile, do not notice.
    internal const int BatchSize = 2_000;

    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);
    private static readonly TimeSpan Retry = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan PartitionTimeout = TimeSpan.FromMinutes(5);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        bool waiting = false;
        TimeSpan pause = Retry;
        while (true)
        {
            await Task.Delay(pause, time, stoppingToken);
            pause = Interval;
            // Another node does it; this one takes over within the hour.
            if (!duties.AreMine)
                continue;
            try
            {
                await RunAsync(stoppingToken);
                waiting = false;
            }
            catch (StoreUnavailableException e)
            {
                if (!waiting)
                    LogWaiting(e.Message);
                waiting = true;
                pause = Retry;
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(e);
            }
        }
    }

    /// <summary>Removes what is too old now.</summary>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        await database.RunAsync(context =>
        {
            context.Database.SetCommandTimeout(PartitionTimeout);
            return ConnectionLogPartitions.EnsureAsync(context, now, cancellationToken);
        });
        if (await ReadLimitAsync(ServerSettings.ConnectionLogDays, now, cancellationToken) is { } logLimit)
        {
            foreach (DateTimeOffset month in await database.RunAsync(context => ConnectionLogPartitions.DropAsync(context, logLimit, cancellationToken)))
                LogDropped(month);
            // A connection that is open keeps its row, however old.
            int removed = await DeleteAsync(
                context => context.ConnectionLogs.Where(row => row.Status != ConnectionStatus.Active), nameof(ConnectionLogRow.StartedAt), logLimit,
                cancellationToken);
            if (removed > 0)
                LogRemoved(removed, "connections");
        }
        if (await ReadLimitAsync(ServerSettings.SessionDays, now, cancellationToken) is { } sessionLimit)
        {
            int removed = await DeleteAsync(context => context.Sessions, nameof(SessionRow.EndedAt), sessionLimit, cancellationToken);
            if (removed > 0)
                LogRemoved(removed, "sessions");
        }
    }

    // Null: keep all.
    private async Task<DateTimeOffset?> ReadLimitAsync(string setting, DateTimeOffset now, CancellationToken cancellationToken)
    {
        int? days = await database.RunAsync(context => ServerSettings.GetDaysAsync(context, setting, cancellationToken));
        if (days is null)
            LogUnreadable(setting, PersistenceOptions.LongestRetentionDays);
        return days is > 0 ? now.AddDays(-days.Value) : null;
    }

    // From the oldest on, in stretches of time that hold a batch each: a query that always began with the oldest row would
    // walk again and again over those that PostgreSQL has deleted but not yet vacuumed.
    private async Task<int> DeleteAsync<T>(
        Func<RabbitDbContext, IQueryable<T>> rows, string timeProperty, DateTimeOffset limit, CancellationToken cancellationToken)
        where T : class
    {
        int removed = 0;
        DateTimeOffset from = DateTimeOffset.MinValue;
        while (from < limit)
        {
            DateTimeOffset begin = from;
            DateTimeOffset? next = await database.RunAsync(context => rows(context)
                .Where(row => EF.Property<DateTimeOffset?>(row, timeProperty) >= begin && EF.Property<DateTimeOffset?>(row, timeProperty) < limit)
                .OrderBy(row => EF.Property<DateTimeOffset?>(row, timeProperty))
                .Skip(BatchSize).Select(row => EF.Property<DateTimeOffset?>(row, timeProperty)).FirstOrDefaultAsync(cancellationToken));
            // So many of one time that they fill a batch go together.
            DateTimeOffset end = next is null ? limit : next > begin ? next.Value : begin.AddMilliseconds(1);
            removed += await database.WriteAsync(context => rows(context)
                .Where(row => EF.Property<DateTimeOffset?>(row, timeProperty) >= begin && EF.Property<DateTimeOffset?>(row, timeProperty) < end)
                .ExecuteDeleteAsync(cancellationToken), cancellationToken);
            from = end;
        }
        return removed;
    }

    [LoggerMessage(EventIds.RowsRemoved, LogLevel.Information, "Removed {Count} {What} that have been over for longer than they are kept")]
    private partial void LogRemoved(int count, string what);

    [LoggerMessage(EventIds.PartitionDropped, LogLevel.Information, "Removed the connections of {Month:yyyy-MM}, which are older than they are kept")]
    private partial void LogDropped(DateTimeOffset month);

    [LoggerMessage(EventIds.RetentionWaits, LogLevel.Warning, "Removing old connections and sessions waits for the database: {Reason}")]
    private partial void LogWaiting(string reason);

    [LoggerMessage(EventIds.RetentionFailed, LogLevel.Error, "Old connections and sessions could not be removed; trying again in an hour")]
    private partial void LogFailed(Exception exception);

    [LoggerMessage(EventIds.RetentionUnreadable, LogLevel.Warning, "Nothing is removed by {Setting} in server_settings, which must be 0 to {Longest} days; correct it")]
    private partial void LogUnreadable(string setting, int longest);
}
