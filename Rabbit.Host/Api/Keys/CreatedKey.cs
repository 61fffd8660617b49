namespace Rabbit.Host.Api.Keys;

/// <summary>A key with its secret, which is shown this once.</summary>
/// <param name="KeyId">The public part of the key.</param>
/// <param name="Name">Its name.</param>
/// <param name="Role">What it may do.</param>
/// <param name="TeamId">The team that a team key is for, or null.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="ExpiresAt">When it stops being valid, or null.</param>
/// <param name="Key">What to send as Authorization: Bearer KEY.</param>
internal sealed record CreatedKey(
    string KeyId, string Name, KeyRole Role, string? TeamId, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, string Key);
