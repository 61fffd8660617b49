using System.Security.Cryptography;

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
    /// <summary>SHA-256 of the secret before the last rotation, or empty; valid until <see cref="PreviousSecretUntil"/>.</summary>
    public ReadOnlyMemory<byte> PreviousSecretHash { get; init; }

    /// <summary>When the secret before the last rotation stops being valid, or null when there is none.</summary>
    public DateTimeOffset? PreviousSecretUntil { get; init; }

    /// <summary>Grows with every change of the token that a running tunnel must hear of.</summary>
    public long Revision { get; init; }

    /// <summary>What its tunnel allows.</summary>
    public TunnelRules Rules { get; init; } = TunnelRules.None;

    /// <summary>True when the secret of this hash may be logged in with at <paramref name="now"/>; compares in constant time.</summary>
    public bool Accepts(ReadOnlySpan<byte> secretHash, DateTimeOffset now)
    {
        bool isCurrent = CryptographicOperations.FixedTimeEquals(SecretHash.Span, secretHash);
        bool isPrevious = CryptographicOperations.FixedTimeEquals(PreviousSecretHash.Span, secretHash);
        return isCurrent | (isPrevious & PreviousSecretUntil > now);
    }

    /// <summary>True when the token's time is over at <paramref name="now"/>.</summary>
    public bool IsExpired(DateTimeOffset now) => ExpiresAt <= now;
}
