using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Database;
using Rabbit.Persistence.Management;

namespace Rabbit.Persistence.Statistics;

/// <summary>Sums up the hours that are due, each in a transaction of its own. Any number of servers may do it at once.</summary>
internal sealed class HourSums(RabbitDatabase database, TimeProvider time)
{
    /// <summary>The sums of a connection log's rows, named as the columns of hourly_statistics.</summary>
    public const string Sums =
        """
        count(*) AS connections, sum(CASE status WHEN 'closed' THEN 1 ELSE 0 END) AS closed, sum(CASE status WHEN 'error' THEN 1 ELSE 0 END) AS errors,
            sum(CASE status WHEN 'timeout' THEN 1 ELSE 0 END) AS timeouts, sum(CASE status WHEN 'refused' THEN 1 ELSE 0 END) AS refused,
            sum(bytes_from_visitor) AS bytes_from_visitor, sum(bytes_to_visitor) AS bytes_to_visitor, sum(duration_ms) AS duration_ms
        """;

    private const string Insert =
        $$"""
        INSERT INTO hourly_statistics
            (hour, team_id, connections, closed, errors, timeouts, refused, bytes_from_visitor, bytes_to_visitor, duration_ms)
        SELECT {0}, team_id, {{Sums}}
        FROM connection_logs WHERE started_at >= {0} AND started_at < {1} AND status <> 'active' GROUP BY team_id
        """;

    // Rows of an hour come mostly while it lasts: it is summed up when it is over, and once more for each that comes late.
    private static readonly TimeSpan Settled = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    /// <summary>Sums up all that is due and over, newest first; how many hours that were.</summary>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        DateTimeOffset last = now - Hour - Settled;
        List<DateTimeOffset> due = await database.RunAsync(context => context.DueHours.Where(row => row.Hour <= last)
            .OrderByDescending(row => row.Hour).Select(row => row.Hour).ToListAsync(cancellationToken));
        if (due.Count == 0)
            return 0;
        int days = await database.RunAsync(context => ServerSettings.GetDaysAsync(context, ServerSettings.ConnectionLogDays, cancellationToken)) ?? 0;
        // Of older hours the log may hold a part only: their sums stay as they are.
        DateTimeOffset kept = days > 0 ? now.AddDays(-days) : DateTimeOffset.MinValue;
        foreach (DateTimeOffset hour in due)
            await SumAsync(hour, isKept: hour >= kept, cancellationToken);
        return due.Count;
    }

    private Task SumAsync(DateTimeOffset hour, bool isKept, CancellationToken cancellationToken) => database.WriteAsync(async context =>
    {
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
        // The mark first: whoever writes rows of this hour now holds it until they are committed, and the next statement sees them.
        if (await context.DueHours.Where(row => row.Hour == hour).ExecuteDeleteAsync(cancellationToken) > 0 && isKept)
        {
            await context.Hours.Where(row => row.Hour == hour).ExecuteDeleteAsync(cancellationToken);
#pragma warning disable RS0030 // The statement is a constant; both values are parameters.
            await context.Database.ExecuteSqlAsync(
                FormattableStringFactory.Create(Insert, database.Connection.ToParameter(hour), database.Connection.ToParameter(hour + Hour)), cancellationToken);
#pragma warning restore RS0030
        }
        await transaction.CommitAsync(cancellationToken);
    }, cancellationToken);
}
