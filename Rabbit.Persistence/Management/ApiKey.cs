namespace Rabbit.Persistence.Management;

/// <summary>A valid API key; its secret is not part of it.</summary>
public sealed record ApiKey(string KeyId, string Name, string Role, string? TeamId);

/// <summary>An API key as operators see it, valid or not.</summary>
public sealed record ApiKeyDetails(
    string KeyId, string Name, string Role, string? TeamId, DateTimeOffset CreatedAt, DateTimeOffset? LastUsedAt, DateTimeOffset? ExpiresAt,
    DateTimeOffset? RevokedAt);

/// <summary>An API key that was just made, with the secret that nobody will see again.</summary>
public sealed record CreatedApiKey(ApiKeyDetails Key, ApiKeyText Text);
