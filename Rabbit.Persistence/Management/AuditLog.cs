using Rabbit.Persistence.Database;
using Rabbit.Persistence.Model;

namespace Rabbit.Persistence.Management;

/// <summary>Who changed what, when, and from where.</summary>
public sealed class AuditLog
{
    private readonly RabbitDatabase _database;
    private readonly TimeProvider _time;

    internal AuditLog(RabbitDatabase database, TimeProvider time)
    {
        _database = database;
        _time = time;
    }

    /// <summary>Writes one act down.</summary>
    /// <param name="actor">The key's name.</param>
    /// <param name="action">What was done, such as <c>token.create</c>.</param>
    /// <param name="subject">The id of what it was done to.</param>
    /// <param name="address">Where the request came from.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task WriteAsync(string actor, string action, string subject, string address, CancellationToken cancellationToken) =>
        _database.WriteAsync(async context =>
        {
            DateTimeOffset now = _time.GetUtcNow();
            context.AuditLog.Add(new AuditLogRow
            {
                Id = Guid.CreateVersion7(now),
                At = now,
                Actor = actor,
                Action = action,
                Subject = subject,
                Address = address,
            });
            await context.SaveChangesAsync(cancellationToken);
        }, cancellationToken);
}
