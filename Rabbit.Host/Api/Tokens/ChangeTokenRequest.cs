using Rabbit.Tunneling.State;

namespace Rabbit.Host.Api.Tokens;

/// <summary>What is to change of a token; what is absent or null stays.</summary>
/// <param name="Name">1 to 100 characters.</param>
/// <param name="Description">Up to 1,000 characters.</param>
/// <param name="Kind">What the local service speaks.</param>
/// <param name="ExpiresInDays">Its life from now, 1 to 36,500 days; 0 for no end.</param>
/// <param name="ExpiresAt">When it stops being valid, instead of a number of days; a time that is over ends it now.</param>
/// <param name="VisitorNetworks">Networks from which visitors may come, or may not, such as !10.1.0.0/16; empty for all.</param>
/// <param name="ClientNetworks">Networks from which its client may log in, written in the same way; empty for all.</param>
/// <param name="MaxVisitors">Visitors at once; 0 for no limit.</param>
/// <param name="MaxVisitorsPerAddress">Visitors at once from one address (an IPv6 network of 64 bits); 0 for no limit.</param>
/// <param name="HoldSeconds">How long visitors wait for a client that is away, up to 3,600; 0: they are told at once.</param>
internal sealed record ChangeTokenRequest(
    string? Name, string? Description, ServiceKind? Kind, int? ExpiresInDays, DateTimeOffset? ExpiresAt,
    IReadOnlyList<string?>? VisitorNetworks, IReadOnlyList<string?>? ClientNetworks, int? MaxVisitors, int? MaxVisitorsPerAddress, int? HoldSeconds);
