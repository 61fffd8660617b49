using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Model;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.Statistics;

/// <summary>
/// Marks hours to be summed up again, in the transaction that changes their connections and as its last statement. On PostgreSQL the
/// mark is locked until that commits, even where it was there: who sums the hour up takes the mark first, and so waits.
/// </summary>
internal static class DueHours
{
    /// <summary>For PostgreSQL; the hours in order, so that two writers never wait for each other.</summary>
    public const string MarkPostgres =
        "INSERT INTO statistics_due (hour) SELECT unnest(@hours) ON CONFLICT (hour) DO UPDATE SET hour = excluded.hour";

    /// <summary>The hours of those that have ended, in order.</summary>
    public static DateTimeOffset[] Of(IEnumerable<ConnectionLogEntry> entries) =>
        [.. entries.Where(entry => entry.Status != ConnectionStatus.Active).Select(entry => StatisticsTime.HourOf(entry.StartedAt)).Distinct().Order()];

    /// <summary>Marks them within the context's transaction.</summary>
    public static async Task MarkAsync(RabbitDbContext context, DateTimeOffset[] hours, CancellationToken cancellationToken)
    {
        if (hours.Length == 0)
            return;
        await context.Database.ExecuteSqlAsync(
            context.Database.IsNpgsql()
                ? $"INSERT INTO statistics_due (hour) SELECT unnest({hours}) ON CONFLICT (hour) DO UPDATE SET hour = excluded.hour"
                : (FormattableString)$"INSERT INTO statistics_due (hour) SELECT value FROM json_each({JsonSerializer.Serialize(hours.Select(hour => hour.ToUnixTimeMilliseconds()))}) WHERE true ON CONFLICT (hour) DO NOTHING",
            cancellationToken);
    }
}
