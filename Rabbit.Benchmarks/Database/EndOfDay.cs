namespace Rabbit.Benchmarks.Database;

/// <summary>A clock that always shows the last moment of yesterday (UTC), when "today" is longest.</summary>
internal sealed class EndOfDay : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => new DateTimeOffset(System.GetUtcNow().UtcDateTime.Date, TimeSpan.Zero).AddMilliseconds(-1);
}
