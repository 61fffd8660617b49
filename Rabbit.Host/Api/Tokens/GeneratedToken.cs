namespace Rabbit.Host.Api.Tokens;

/// <summary>A token with its secret, which is shown this once.</summary>
/// <param name="TokenId">The public part of the token.</param>
/// <param name="TeamId">Its team.</param>
/// <param name="TeamName">Its team's name.</param>
/// <param name="TokenName">Its name.</param>
/// <param name="Token">What a client logs in with.</param>
/// <param name="Description">What it is for.</param>
/// <param name="AssignedPort">Its tunnel port.</param>
/// <param name="Protocol">Always tcp.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="ExpiresAt">When it stops being valid, or null.</param>
/// <param name="ConnectionUri">The token with the server's address and fingerprint, for tunnel-client connect.</param>
/// <param name="PreviousSecretUntil">Until when the secret before this one is valid too, or null.</param>
internal sealed record GeneratedToken(
    string TokenId, string TeamId, string TeamName, string TokenName, string Token, string Description, int AssignedPort,
    string Protocol, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, string ConnectionUri, DateTimeOffset? PreviousSecretUntil);
