namespace Rabbit.Persistence.Statistics;

/// <summary>The connections of a team that began on a day and have ended.</summary>
/// <param name="Day">The day, UTC.</param>
/// <param name="TeamId">The team; empty where that was not known.</param>
/// <param name="Connections">How many there were.</param>
/// <param name="Closed">Those that ended in order.</param>
/// <param name="Errors">Those that broke.</param>
/// <param name="Timeouts">Those that got no answer in time.</param>
/// <param name="Refused">Those that were turned away.</param>
/// <param name="BytesFromVisitor">Bytes that visitors sent.</param>
/// <param name="BytesToVisitor">Bytes that visitors got.</param>
/// <param name="DurationMs">How long they lasted together, in milliseconds.</param>
public sealed record TeamDay(
    DateOnly Day, string TeamId, long Connections, long Closed, long Errors, long Timeouts, long Refused, long BytesFromVisitor, long BytesToVisitor,
    long DurationMs);
