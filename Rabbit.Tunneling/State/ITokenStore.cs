namespace Rabbit.Tunneling.State;

/// <summary>Finds tokens in the database.</summary>
public interface ITokenStore
{
    /// <summary>
    /// The token with this public id, revoked and expired ones included; null when there is none (also when it was
    /// deleted for good).
    /// </summary>
    /// <exception cref="StoreUnavailableException">The database cannot be asked now.</exception>
    Task<TokenRecord?> FindTokenAsync(string tokenId, CancellationToken cancellationToken);

    /// <summary>
    /// Those of these tokens that were deleted, revoked, have expired or are of another revision; one statement, however many they are.
    /// </summary>
    /// <exception cref="StoreUnavailableException">The database cannot be asked now.</exception>
    Task<IReadOnlyList<ChangedToken>> FindChangedAsync(IReadOnlyCollection<KnownToken> known, CancellationToken cancellationToken);
}
