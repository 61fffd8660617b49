using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Database;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.Cluster;

/// <summary>The epochs of tokens in the database, which decides: each is given out once.</summary>
internal sealed class EpochStore(RabbitDatabase database)
{
    /// <summary>The next epoch of a token, above <paramref name="least"/>; null when there is no such token.</summary>
    /// <exception cref="StoreUnavailableException">The database does not answer.</exception>
    public Task<long?> RaiseAsync(string tokenId, long least, CancellationToken cancellationToken) => database.RunAsync<long?>(async context =>
        (await context.Database.SqlQuery<long>(
            $"UPDATE team_tokens SET last_epoch = GREATEST(last_epoch, {least}) + 1 WHERE id = {tokenId} RETURNING last_epoch").ToListAsync(cancellationToken))
        is [var epoch] ? epoch : null);

    /// <summary>The last epochs of these tokens; those that are gone are not among them. One statement, however many they are.</summary>
    /// <exception cref="StoreUnavailableException">The database does not answer.</exception>
    public Task<Dictionary<string, long>> FindAsync(IReadOnlyCollection<string> tokens, CancellationToken cancellationToken)
    {
        string[] ids = [.. tokens];
        return database.RunAsync(context => context.Tokens.Where(row => EF.Parameter(ids).Contains(row.Id))
            .ToDictionaryAsync(row => row.Id, row => row.LastEpoch, cancellationToken));
    }
}
