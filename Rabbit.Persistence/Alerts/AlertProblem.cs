namespace Rabbit.Persistence.Alerts;

/// <summary>What operators have been alerted of, and not yet of its end.</summary>
/// <param name="TokenId">Whose tunnel.</param>
/// <param name="Type">The type of the alert.</param>
/// <param name="Mark">What exactly was told, where the type does not say it all.</param>
/// <param name="Since">Since when it has been so.</param>
public sealed record AlertProblem(string TokenId, string Type, string Mark, DateTimeOffset Since);
