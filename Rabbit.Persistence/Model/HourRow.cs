namespace Rabbit.Persistence.Model;

/// <summary>The connections of a team that began in an hour and have ended, summed up.</summary>
internal sealed class HourRow
{
    public DateTimeOffset Hour { get; set; }

    public required string TeamId { get; set; }

    public long Connections { get; set; }

    public long Closed { get; set; }

    public long Errors { get; set; }

    public long Timeouts { get; set; }

    public long Refused { get; set; }

    public long BytesFromVisitor { get; set; }

    public long BytesToVisitor { get; set; }

    public long DurationMs { get; set; }
}
