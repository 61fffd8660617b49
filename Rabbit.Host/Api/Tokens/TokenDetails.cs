using Rabbit.Host.Api.Sessions;
using Rabbit.Persistence.Management;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.State;

namespace Rabbit.Host.Api.Tokens;

/// <summary>All of a token but its secret.</summary>
/// <param name="TokenId">The public part of the token.</param>
/// <param name="TeamId">Its team.</param>
/// <param name="TeamName">Its team's name.</param>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it is for.</param>
/// <param name="Port">Its tunnel port.</param>
/// <param name="Protocol">Always tcp.</param>
/// <param name="Kind">What the local service speaks.</param>
/// <param name="State">Whether a client can log in with it.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="LastUsedAt">When a client last logged in with it, or null.</param>
/// <param name="ExpiresAt">When it stops being valid, or null.</param>
/// <param name="RevokedAt">When it was revoked, or null.</param>
/// <param name="PreviousSecretUntil">Until when the secret before the last rotation is valid too, or null.</param>
/// <param name="VisitorNetworks">Networks from which visitors may come, or may not, such as !10.1.0.0/16; empty for all.</param>
/// <param name="ClientNetworks">Networks from which its client may log in, written in the same way; empty for all.</param>
/// <param name="MaxVisitors">Visitors at once; 0 for no limit.</param>
/// <param name="MaxVisitorsPerAddress">Visitors at once from one address; 0 for no limit.</param>
/// <param name="HoldSeconds">How long visitors wait for a client that is away; 0: they are told at once.</param>
/// <param name="Tunnel">What its tunnel port does now on this server.</param>
internal sealed record TokenDetails(
    string TokenId, string TeamId, string TeamName, string Name, string Description, int Port, string Protocol, ServiceKind Kind, TokenState State,
    DateTimeOffset CreatedAt, DateTimeOffset? LastUsedAt, DateTimeOffset? ExpiresAt, DateTimeOffset? RevokedAt, DateTimeOffset? PreviousSecretUntil,
    IReadOnlyList<string> VisitorNetworks, IReadOnlyList<string> ClientNetworks, int MaxVisitors, int MaxVisitorsPerAddress, int HoldSeconds,
    TunnelStatus Tunnel)
{
    public static TokenDetails Of(Token token, TunnelRegistry tunnels) => new(
        token.TokenId, token.TeamId, token.TeamName, token.Name, token.Description, token.Port, token.Protocol, token.Kind, token.State,
        token.CreatedAt, token.LastUsedAt, token.ExpiresAt, token.RevokedAt, token.PreviousSecretUntil,
        token.Settings.VisitorNetworks, token.Settings.ClientNetworks, token.Settings.MaxVisitors, token.Settings.MaxVisitorsPerAddress,
        token.Settings.HoldSeconds, tunnels.Find(token.TokenId).Status());
}
