namespace Rabbit.Persistence.Model;

/// <summary>An hour whose connections have changed since <see cref="HourRow"/> was written: it is to be summed up again.</summary>
internal sealed class DueHourRow
{
    public DateTimeOffset Hour { get; set; }
}
