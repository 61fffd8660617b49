using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Database;
using Rabbit.Persistence.Management;

namespace Rabbit.Persistence.Statistics;

/// <summary>
/// Reads sums by team and day. Hours that are due, the present one among them, are summed up from the log itself, all others are
/// in the table; one statement reads both, so that no connection is missed or counted twice.
/// </summary>
public sealed class DailyStatistics
{
    private const string Table =
        """
        CAST(sum(connections) AS bigint) AS "Connections", CAST(sum(closed) AS bigint) AS "Closed", CAST(sum(errors) AS bigint) AS "Errors",
            CAST(sum(timeouts) AS bigint) AS "Timeouts", CAST(sum(refused) AS bigint) AS "Refused",
            CAST(sum(bytes_from_visitor) AS bigint) AS "BytesFromVisitor", CAST(sum(bytes_to_visitor) AS bigint) AS "BytesToVisitor",
            CAST(sum(duration_ms) AS bigint) AS "DurationMs"
        """;

    private const string PostgresDay = "CAST((hour AT TIME ZONE 'UTC')::date - DATE '1970-01-01' AS bigint)";
    private const string SqliteDay = "hour / 86400000";
    private const string PostgresHourLater = "hour + interval '1 hour'";
    private const string SqliteHourLater = "hour + 3600000";
    private const string OfAll = "";
    private const string OfTeam = " AND team_id = {2}";

    private readonly RabbitDatabase _database;

    internal DailyStatistics(RabbitDatabase database) => _database = database;

    /// <summary>The days on which there were connections, newest first, then by team.</summary>
    /// <param name="scope">The only team that the caller may see, or null for all.</param>
    /// <param name="teamId">The team that is asked for, or null for all.</param>
    /// <param name="from">The first day, UTC.</param>
    /// <param name="to">The last day.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<IReadOnlyList<TeamDay>> ReadAsync(string? scope, string? teamId, DateOnly from, DateOnly to, CancellationToken cancellationToken)
    {
        string? team = scope ?? teamId;
        if (teamId is not null && (!NameRules.IsId(teamId) || teamId != team))
            return [];
        var begin = new DateTimeOffset(from, TimeOnly.MinValue, TimeSpan.Zero);
        DateTimeOffset end = to == DateOnly.MaxValue ? DateTimeOffset.MaxValue : new DateTimeOffset(to.AddDays(1), TimeOnly.MinValue, TimeSpan.Zero);
        object[] parameters =
        [
            _database.Connection.ToParameter(begin), _database.Connection.ToParameter(end), .. team is null ? Array.Empty<object>() : [team],
        ];
        string statement = _database.Connection.IsPostgres
            ? Statement(PostgresDay, PostgresHourLater, team is null ? OfAll : OfTeam)
            : Statement(SqliteDay, SqliteHourLater, team is null ? OfAll : OfTeam);
#pragma warning disable RS0030 // The statement is made of constants; what a caller gives is in parameters.
        List<Sum> sums = await _database.RunAsync(context => context.Database.SqlQuery<Sum>(
            FormattableStringFactory.Create(statement, parameters)).ToListAsync(cancellationToken));
#pragma warning restore RS0030
        return [.. sums.GroupBy(sum => (sum.DayNumber, sum.TeamId))
            .OrderByDescending(day => day.Key.DayNumber).ThenBy(day => day.Key.TeamId, StringComparer.Ordinal)
            .Select(day => new TeamDay(
                DateOnly.FromDateTime(DateTime.UnixEpoch.AddDays(day.Key.DayNumber)), day.Key.TeamId, day.Sum(sum => sum.Connections),
                day.Sum(sum => sum.Closed), day.Sum(sum => sum.Errors), day.Sum(sum => sum.Timeouts), day.Sum(sum => sum.Refused),
                day.Sum(sum => sum.BytesFromVisitor), day.Sum(sum => sum.BytesToVisitor), day.Sum(sum => sum.DurationMs)))];
    }

    // The pieces are the constants above.
    private static string Statement(string day, string hourLater, string ofTeam) =>
        $$"""
        SELECT {{day}} AS "DayNumber", team_id AS "TeamId", {{Table}}
        FROM hourly_statistics AS summed
        WHERE hour >= {0} AND hour < {1}{{ofTeam}} AND NOT EXISTS (SELECT 1 FROM statistics_due WHERE statistics_due.hour = summed.hour)
        GROUP BY 1, 2
        UNION ALL
        SELECT {{day}} AS "DayNumber", team_id AS "TeamId", {{Table}}
        FROM (
            SELECT hour, team_id, {{HourSums.Sums}}
            FROM statistics_due JOIN connection_logs ON started_at >= hour AND started_at < {{hourLater}} AND status <> 'active'
            WHERE hour >= {0} AND hour < {1}{{ofTeam}}
            GROUP BY hour, team_id) AS due
        GROUP BY 1, 2
        """;

    private sealed class Sum
    {
        public long DayNumber { get; set; }

        public string TeamId { get; set; } = "";

        public long Connections { get; set; }

        public long Closed { get; set; }

        public long Errors { get; set; }

        public long Timeouts { get; set; }

        public long Refused { get; set; }

        public long BytesFromVisitor { get; set; }

        public long BytesToVisitor { get; set; }

        public long DurationMs { get; set; }
    }
}
