using Rabbit.Persistence.Statistics;

namespace Rabbit.Host.Api.Statistics;

/// <summary>The connections of a team that began on a day (UTC) and have ended.</summary>
/// <param name="Day">The day.</param>
/// <param name="TeamId">The team.</param>
/// <param name="Connections">How many there were.</param>
/// <param name="Closed">Those that ended in order.</param>
/// <param name="Errors">Those that broke.</param>
/// <param name="Timeouts">Those that got no answer in time.</param>
/// <param name="Refused">Those that were turned away.</param>
/// <param name="BytesFromVisitor">Bytes that visitors sent.</param>
/// <param name="BytesToVisitor">Bytes that visitors got.</param>
/// <param name="DurationMs">How long they lasted together, in milliseconds.</param>
internal sealed record DaySummary(
    DateOnly Day, string TeamId, long Connections, long Closed, long Errors, long Timeouts, long Refused, long BytesFromVisitor, long BytesToVisitor,
    long DurationMs)
{
    public static DaySummary Of(TeamDay day) => new(
        day.Day, day.TeamId, day.Connections, day.Closed, day.Errors, day.Timeouts, day.Refused, day.BytesFromVisitor, day.BytesToVisitor,
        day.DurationMs);
}
