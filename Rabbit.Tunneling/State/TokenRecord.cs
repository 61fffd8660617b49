namespace Rabbit.Tunneling.State;

/// <summary>A token as stored, with its port: all that is needed to authenticate a client and to bind its tunnel.</summary>
/// <param name="TokenId">Public part of the token, 12 characters.</param>
/// <param name="TeamId">The team that owns it.</param>
/// <param name="TeamName">For display.</param>
/// <param name="TokenName">For display.</param>
/// <param name="SecretHash">SHA-256 of the secret, 32 bytes.</param>
/// <param name="Port">The tunnel port assigned to it.</param>
/// <param name="Kind">What the local service speaks.</param>
/// <param name="ExpiresAt">When it stops being valid, or null.</param>
/// <param name="RevokedAt">When it was revoked or deleted, or null.</param>
/// <param name="LastEpoch">The highest epoch of its sessions so far; 0 before the first.</param>
public sealed record TokenRecord(
    string TokenId, string TeamId, string TeamName, string TokenName, ReadOnlyMemory<byte> SecretHash, int Port,
    ServiceKind Kind, DateTimeOffset? ExpiresAt, DateTimeOffset? RevokedAt, long LastEpoch)
{
    /// <summary>True when the token's time is over at <paramref name="now"/>.</summary>
    public bool IsExpired(DateTimeOffset now) => ExpiresAt <= now;
}
