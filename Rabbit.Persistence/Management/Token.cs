using Rabbit.Protocol.Credentials;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.Management;

/// <summary>Whether a client can log in with a token.</summary>
public enum TokenState
{
    /// <summary>It can.</summary>
    Active,

    /// <summary>Its time is over.</summary>
    Expired,

    /// <summary>It was revoked.</summary>
    Revoked,
}

/// <summary>A token as operators see it; its secret is not part of it.</summary>
public sealed record Token(
    string TokenId, string TeamId, string TeamName, string Name, string Description, int Port, string Protocol, ServiceKind Kind,
    DateTimeOffset CreatedAt, DateTimeOffset? LastUsedAt, DateTimeOffset? ExpiresAt)
{
    /// <summary>Whether a client can log in with it.</summary>
    public TokenState State { get; init; }

    /// <summary>When it was revoked, or null.</summary>
    public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>Until when the secret before the last rotation is valid too, or null.</summary>
    public DateTimeOffset? PreviousSecretUntil { get; init; }

    /// <summary>What its tunnel allows.</summary>
    public TokenSettings Settings { get; init; } = TokenSettings.None;
}

/// <summary>A token that was just made or rotated, with the secret that nobody will see again.</summary>
public sealed record CreatedToken(Token Token, TokenText Text);

/// <summary>A token to be made.</summary>
/// <param name="TeamId">Its team.</param>
/// <param name="Name">1 to 100 characters.</param>
/// <param name="Description">Up to 1,000 characters, or null.</param>
/// <param name="ExpiresInDays">Its life, 1 to 36,500 days, or null or 0 for no end.</param>
/// <param name="ExpiresAt">When it stops being valid, instead of a number of days.</param>
/// <param name="Port">The port asked for, or null for any.</param>
/// <param name="Kind">What the local service speaks.</param>
/// <param name="Settings">What its tunnel allows.</param>
public sealed record NewToken(
    string? TeamId, string? Name, string? Description = null, int? ExpiresInDays = null, DateTimeOffset? ExpiresAt = null, int? Port = null,
    ServiceKind Kind = ServiceKind.Unknown, TokenSettingsChange? Settings = null);

/// <summary>What is to change of a token; what is null stays, and 0 or empty takes a limit, an end or a list away.</summary>
public sealed record TokenChange(
    string? Name = null, string? Description = null, ServiceKind? Kind = null, int? ExpiresInDays = null, DateTimeOffset? ExpiresAt = null,
    TokenSettingsChange? Settings = null);

/// <summary>Which tokens are asked for; what is null does not matter.</summary>
public sealed record TokenFilter(string? TeamId = null, TokenState? State = null);
