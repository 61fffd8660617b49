namespace Rabbit.Host.Api.Status;

/// <summary>When this server started.</summary>
internal sealed class ServerStart(TimeProvider time)
{
    public DateTimeOffset At { get; } = time.GetUtcNow();
}
