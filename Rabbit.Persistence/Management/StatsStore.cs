using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Database;
using Rabbit.Persistence.Model;

namespace Rabbit.Persistence.Management;

/// <summary>Counts over the whole server, or over one team.</summary>
public sealed record Statistics(int ActiveTeams, int ActiveTokens, int PortAssignments, int ActiveSessions, int ConnectionsToday);

/// <summary>Reads <see cref="Statistics"/>.</summary>
public sealed class StatsStore
{
    // Each remembers a few numbers; of more teams than that the counts of all are forgotten and begun anew.
    private const int MostTeams = 1000;

    private readonly RabbitDatabase _database;
    private readonly TimeProvider _time;
    private readonly ConnectionsToday _today = new(teamId: null);
    private readonly ConcurrentDictionary<string, ConnectionsToday> _todayOfTeams = new(StringComparer.Ordinal);

    internal StatsStore(RabbitDatabase database, TimeProvider time)
    {
        _database = database;
        _time = time;
    }

    /// <summary>The counts now; today begins at midnight UTC.</summary>
    /// <param name="scope">The team to count, or null for the whole server.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<Statistics> ReadAsync(string? scope, CancellationToken cancellationToken) => _database.RunAsync(async context =>
    {
        DateTimeOffset now = _time.GetUtcNow();
        return new Statistics(
            await context.Teams.CountAsync(row => scope == null || row.Id == scope, cancellationToken),
            await context.Tokens.CountAsync(
                row => (scope == null || row.TeamId == scope) && row.RevokedAt == null && (row.ExpiresAt == null || row.ExpiresAt > now), cancellationToken),
            await context.PortAssignments.CountAsync(row => row.TokenId != null && (scope == null || row.Token!.TeamId == scope), cancellationToken),
            await context.Sessions.CountAsync(
                row => row.EndedAt == null && row.Status == SessionStatus.Active && (scope == null || row.Token!.TeamId == scope), cancellationToken),
            await Today(scope).CountAsync(context, now, cancellationToken));
    });

    private ConnectionsToday Today(string? scope)
    {
        if (scope is null)
            return _today;
        if (_todayOfTeams.Count >= MostTeams)
            _todayOfTeams.Clear();
        return _todayOfTeams.GetOrAdd(scope, static team => new ConnectionsToday(team));
    }
}
