using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Model;

namespace Rabbit.Persistence.Management;

/// <summary>
/// Counts the connections since midnight UTC. At millions a day a database takes too long to count them all at each question,
/// so hours that are over are counted once; and once more from time to time, for rows that were stored late.
/// </summary>
/// <param name="teamId">The team whose connections are counted, or null for all.</param>
internal sealed class ConnectionsToday(string? teamId)
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    // A row is stored within a second, unless the database was away.
    private static readonly TimeSpan Settled = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Trusted = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<DateTimeOffset, CountedHour> _hours = new();

    /// <summary>The number now: exact but for rows that were stored over a minute late and up to some minutes ago.</summary>
    public async Task<int> CountAsync(RabbitDbContext context, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var today = new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero);
        foreach (DateTimeOffset past in _hours.Keys.Where(hour => hour < today))
            _hours.TryRemove(past, out _);
        // One hour at a time, so that no question pays for all.
        DateTimeOffset doubtful = _hours.Where(hour => hour.Value.At + Trusted < now).OrderBy(hour => hour.Value.At).Select(hour => hour.Key).FirstOrDefault();
        int sum = 0;
        for (DateTimeOffset hour = today; hour <= now; hour += Hour)
        {
            DateTimeOffset begin = hour;
            DateTimeOffset end = hour + Hour;
            if (!_hours.TryGetValue(hour, out CountedHour? counted) || counted.At < end + Settled || hour == doubtful)
            {
                int rows = await context.ConnectionLogs.CountAsync(
                    row => row.StartedAt >= begin && row.StartedAt < end && (teamId == null || row.TeamId == teamId), cancellationToken);
                _hours[hour] = counted = new CountedHour(rows, now);
            }
            sum += counted.Rows;
        }
        return sum;
    }

    private sealed record CountedHour(int Rows, DateTimeOffset At);
}
