using Rabbit.Persistence.Management;

namespace Rabbit.Host.Api.Keys;

/// <summary>A key to this API; its secret is not part of it.</summary>
/// <param name="KeyId">The public part of the key.</param>
/// <param name="Name">Its name.</param>
/// <param name="Role">What it may do.</param>
/// <param name="TeamId">The team that a team key is for, or null.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="LastUsedAt">When it was last used, to the minute, or null.</param>
/// <param name="ExpiresAt">When it stops being valid, or null.</param>
/// <param name="RevokedAt">When it was revoked, or null.</param>
internal sealed record KeySummary(
    string KeyId, string Name, KeyRole Role, string? TeamId, DateTimeOffset CreatedAt, DateTimeOffset? LastUsedAt, DateTimeOffset? ExpiresAt,
    DateTimeOffset? RevokedAt)
{
    public static KeySummary Of(ApiKeyDetails key) => new(
        key.KeyId, key.Name, KeyRoles.Parse(key.Role), key.TeamId, key.CreatedAt, key.LastUsedAt, key.ExpiresAt, key.RevokedAt);
}
