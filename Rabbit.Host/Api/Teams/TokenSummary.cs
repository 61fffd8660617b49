namespace Rabbit.Host.Api.Teams;

/// <summary>A token in short, as rabbit.go's callers know it.</summary>
/// <param name="TokenId">The public part of the token.</param>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it is for.</param>
/// <param name="Port">Its tunnel port.</param>
/// <param name="Protocol">Always tcp.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="LastUsedAt">When a client last logged in with it, or null.</param>
/// <param name="ExpiresAt">When it stops being valid, or null.</param>
internal sealed record TokenSummary(
    string TokenId, string Name, string Description, int Port, string Protocol, DateTimeOffset CreatedAt, DateTimeOffset? LastUsedAt,
    DateTimeOffset? ExpiresAt);
