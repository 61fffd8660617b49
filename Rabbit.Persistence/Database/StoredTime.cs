namespace Rabbit.Persistence.Database;

/// <summary>Times as both databases keep them: in milliseconds, so that what is told when a row is made is what is read later.</summary>
internal static class StoredTime
{
    public static DateTimeOffset GetStoredNow(this TimeProvider time) => ToStored(time.GetUtcNow());

    public static DateTimeOffset ToStored(DateTimeOffset time) => new(time.UtcTicks - time.UtcTicks % TimeSpan.TicksPerMillisecond, TimeSpan.Zero);
}
