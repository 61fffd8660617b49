using Rabbit.Persistence.Database;

namespace Rabbit.Persistence.Statistics;

/// <summary>Hours, and times as raw SQL takes them: SQLite holds milliseconds since 1970.</summary>
internal static class StatisticsTime
{
    public static DateTimeOffset HourOf(DateTimeOffset time) => new(time.UtcTicks - time.UtcTicks % TimeSpan.TicksPerHour, TimeSpan.Zero);

    public static object ToParameter(this DatabaseConnection connection, DateTimeOffset time) =>
        connection.IsPostgres ? time : time.ToUnixTimeMilliseconds();
}
