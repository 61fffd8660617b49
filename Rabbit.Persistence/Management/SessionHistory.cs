using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Database;
using Rabbit.Persistence.Model;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.Management;

/// <summary>A client session as stored, also one that has ended.</summary>
public sealed record StoredSession(
    Guid SessionId, string TokenId, int Port, long Epoch, SessionProtocol Protocol, bool IsActive, string Node, string ClientAddress,
    string ClientName, string ClientSoftware, int LocalPort, DateTimeOffset StartedAt, DateTimeOffset ConnectedAt, DateTimeOffset LastSeenAt,
    DateTimeOffset? EndedAt, string EndReason);

/// <summary>Reads the sessions of a token. A scope is the only team that the caller may see, or null for all.</summary>
public sealed class SessionHistory
{
    private const char ListName = 's';

    private readonly RabbitDatabase _database;

    internal SessionHistory(RabbitDatabase database) => _database = database;

    /// <summary>The token's sessions, newest first.</summary>
    public async Task<ManagementResult<Page<StoredSession>>> ListAsync(
        string? scope, string tokenId, string? cursor, int limit, CancellationToken cancellationToken)
    {
        if (ListCursor.Check(ListName, cursor, limit, out ListCursor? after) is { } problem)
            return ManagementResult<Page<StoredSession>>.Fail(ManagementError.Invalid, problem);
        List<SessionRow>? found = !NameRules.IsId(tokenId) ? null : await _database.RunAsync(async context =>
        {
            if (!await context.Tokens.AnyAsync(token => token.Id == tokenId && (scope == null || token.TeamId == scope), cancellationToken))
                return null;
            IQueryable<SessionRow> rows = context.Sessions.AsNoTracking().Where(row => row.TokenId == tokenId);
            if (after is { At: var at } && Guid.TryParse(after.Id, out Guid id))
                rows = rows.Where(row => row.StartedAt <= at && (row.StartedAt < at || row.Id.CompareTo(id) < 0));
            return await rows.OrderByDescending(row => row.StartedAt).ThenByDescending(row => row.Id).Take(limit + 1).ToListAsync(cancellationToken);
        });
        return found is null
            ? ManagementResult<Page<StoredSession>>.Fail(ManagementError.NotFound, "There is no token with this id; list the tokens to find the right one.")
            : ManagementResult<Page<StoredSession>>.Ok(ListCursor.ToPage(
                found, limit, ToSession, row => ListCursor.Of(ListName, row.StartedAt, row.Id.ToString())));
    }

    private static StoredSession ToSession(SessionRow row) => new(
        row.Id, row.TokenId, row.Port, row.Epoch, row.Protocol, row.Status == SessionStatus.Active, row.Node, row.ClientAddress, row.ClientName,
        row.ClientSoftware, row.LocalPort, row.StartedAt, row.ConnectedAt, row.LastSeenAt, row.EndedAt, row.EndReason);
}
