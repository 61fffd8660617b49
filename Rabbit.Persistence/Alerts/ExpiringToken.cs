namespace Rabbit.Persistence.Alerts;

/// <summary>A valid token that will not be for long.</summary>
/// <param name="TokenId">Its public id.</param>
/// <param name="TokenName">Its name.</param>
/// <param name="TeamId">Its team.</param>
/// <param name="TeamName">The team's name.</param>
/// <param name="Port">Its tunnel port.</param>
/// <param name="ExpiresAt">When it expires.</param>
public sealed record ExpiringToken(string TokenId, string TokenName, string TeamId, string TeamName, int Port, DateTimeOffset ExpiresAt);
