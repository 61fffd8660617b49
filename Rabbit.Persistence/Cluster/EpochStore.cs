using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Database;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.Cluster;

/// <summary>The epochs of tokens in the database, which decides: each is given out once.</summary>
internal sealed class EpochStore(RabbitDatabase database)
{
    /// <summary>
    /// The next epoch of a token, above <paramref name="least"/>, with the newest session that is stored; null when there is no such token.
    /// </summary>
    /// <exception cref="StoreUnavailableException">The database does not answer.</exception>
    public Task<RaisedEpoch?> RaiseAsync(string tokenId, long least, CancellationToken cancellationToken) => database.RunAsync(async context =>
        (await context.Database.SqlQuery<RaisedEpoch>(
            $"""
            UPDATE team_tokens SET last_epoch = GREATEST(last_epoch, {least}) + 1 WHERE id = {tokenId} RETURNING last_epoch AS "Epoch",
            (SELECT node FROM connection_sessions WHERE token_id = team_tokens.id ORDER BY epoch DESC LIMIT 1) AS "Node",
            (SELECT id FROM connection_sessions WHERE token_id = team_tokens.id ORDER BY epoch DESC LIMIT 1) AS "SessionId",
            (SELECT max(epoch) FROM connection_sessions WHERE token_id = team_tokens.id) AS "SessionEpoch",
            (SELECT ended_at IS NULL AND status = 'active' FROM connection_sessions WHERE token_id = team_tokens.id ORDER BY epoch DESC LIMIT 1) AS "IsConnected"
            """).ToListAsync(cancellationToken)).SingleOrDefault());

    /// <summary>The last epochs of these tokens; those that are gone are not among them. One statement, however many they are.</summary>
    /// <exception cref="StoreUnavailableException">The database does not answer.</exception>
    public Task<Dictionary<string, long>> FindAsync(IReadOnlyCollection<string> tokens, CancellationToken cancellationToken)
    {
        string[] ids = [.. tokens];
        return database.RunAsync(context => context.Tokens.Where(row => EF.Parameter(ids).Contains(row.Id))
            .Select(row => new { row.Id, row.LastEpoch }).ToDictionaryAsync(row => row.Id, row => row.LastEpoch, cancellationToken));
    }
}

/// <summary>An epoch that was given out.</summary>
/// <param name="Epoch">The epoch.</param>
/// <param name="Node">The node of the token's newest session that is stored, or null.</param>
/// <param name="SessionId">That session, or null.</param>
/// <param name="SessionEpoch">Its epoch, or null.</param>
/// <param name="IsConnected">Whether its client is, as far as its node has said; or null.</param>
internal sealed record RaisedEpoch(long Epoch, string? Node, Guid? SessionId, long? SessionEpoch, bool? IsConnected);
