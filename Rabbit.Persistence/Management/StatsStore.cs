using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Database;
using Rabbit.Persistence.Model;

namespace Rabbit.Persistence.Management;

/// <summary>Counts over the whole server.</summary>
public sealed record Statistics(int ActiveTeams, int ActiveTokens, int PortAssignments, int ActiveSessions, int ConnectionsToday);

/// <summary>Reads <see cref="Statistics"/>.</summary>
public sealed class StatsStore
{
    private readonly RabbitDatabase _database;
    private readonly TimeProvider _time;
    private readonly ConnectionsToday _today = new();

    internal StatsStore(RabbitDatabase database, TimeProvider time)
    {
        _database = database;
        _time = time;
    }

    /// <summary>The counts now; today begins at midnight UTC.</summary>
    public Task<Statistics> ReadAsync(CancellationToken cancellationToken) => _database.RunAsync(async context =>
    {
        DateTimeOffset now = _time.GetUtcNow();
        return new Statistics(
            await context.Teams.CountAsync(cancellationToken),
            await context.Tokens.CountAsync(row => row.RevokedAt == null && (row.ExpiresAt == null || row.ExpiresAt > now), cancellationToken),
            await context.PortAssignments.CountAsync(row => row.TokenId != null, cancellationToken),
            await context.Sessions.CountAsync(row => row.EndedAt == null && row.Status == SessionStatus.Active, cancellationToken),
            await _today.CountAsync(context, now, cancellationToken));
    });
}
