using Rabbit.Tunneling.State;

namespace Rabbit.Host.Api.Tokens;

/// <summary>A token to be made.</summary>
/// <param name="TeamId">Its team.</param>
/// <param name="Name">1 to 100 characters.</param>
/// <param name="Description">Up to 1,000 characters.</param>
/// <param name="ExpiresInDays">Its life, 1 to 36,500 days; absent or 0 for no end.</param>
/// <param name="ExpiresAt">When it stops being valid, instead of a number of days.</param>
/// <param name="Port">The tunnel port asked for; absent for any that is free.</param>
/// <param name="Kind">What the local service speaks; it decides how visitors are told that the client is away.</param>
/// <param name="VisitorNetworks">Networks from which visitors may come, such as 10.0.0.0/8, or may not, such as !10.1.0.0/16; absent or empty for all.</param>
/// <param name="ClientNetworks">Networks from which its client may log in, written in the same way; absent or empty for all.</param>
/// <param name="MaxVisitors">Visitors at once; absent or 0 for no limit.</param>
/// <param name="MaxVisitorsPerAddress">Visitors at once from one address (an IPv6 network of 64 bits); absent or 0 for no limit.</param>
/// <param name="HoldSeconds">How long visitors wait for a client that is away, up to 3,600; absent or 0: they are told at once.</param>
internal sealed record GenerateTokenRequest(
    string? TeamId, string? Name, string? Description, int? ExpiresInDays, DateTimeOffset? ExpiresAt, int? Port, ServiceKind? Kind,
    IReadOnlyList<string?>? VisitorNetworks, IReadOnlyList<string?>? ClientNetworks, int? MaxVisitors, int? MaxVisitorsPerAddress, int? HoldSeconds);
