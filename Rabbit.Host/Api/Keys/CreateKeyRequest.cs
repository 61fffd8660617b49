namespace Rabbit.Host.Api.Keys;

/// <summary>A key to be made.</summary>
/// <param name="Name">1 to 100 characters.</param>
/// <param name="Role">What it may do.</param>
/// <param name="TeamId">The team of a team key; absent for the other roles.</param>
/// <param name="ExpiresInDays">Its life, 1 to 36,500 days; absent or 0 for no end.</param>
internal sealed record CreateKeyRequest(string? Name, KeyRole? Role, string? TeamId, int? ExpiresInDays);
