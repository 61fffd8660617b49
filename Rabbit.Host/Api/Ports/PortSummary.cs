using Rabbit.Host.Api.Sessions;
using Rabbit.Persistence.Management;
using Rabbit.Tunneling.Sessions;

namespace Rabbit.Host.Api.Ports;

/// <summary>A tunnel port that is taken.</summary>
/// <param name="Port">Its number.</param>
/// <param name="Protocol">Always tcp.</param>
/// <param name="State">Whose it is.</param>
/// <param name="TokenId">Its token, or null while it rests.</param>
/// <param name="TeamId">Its token's team, or null while it rests.</param>
/// <param name="AssignedAt">When its token got it.</param>
/// <param name="ReleasedAt">When its token was deleted, or null.</param>
/// <param name="RestsUntil">When another token may get it, or null.</param>
/// <param name="Tunnel">What it does now on this server.</param>
/// <param name="Health">What stands between its visitors and the service; client_offline also while it does not listen.</param>
internal sealed record PortSummary(
    int Port, string Protocol, PortUse State, string? TokenId, string? TeamId, DateTimeOffset AssignedAt, DateTimeOffset? ReleasedAt,
    DateTimeOffset? RestsUntil, TunnelStatus Tunnel, TunnelHealth Health)
{
    public static PortSummary Of(AssignedPort port, TunnelRegistry tunnels)
    {
        TunnelSnapshot? tunnel = port.TokenId is { } token ? tunnels.Find(token) : null;
        return new PortSummary(
            port.Port, port.Protocol, port.TokenId is null ? PortUse.Resting : PortUse.Assigned, port.TokenId, port.TeamId, port.AssignedAt,
            port.ReleasedAt, port.RestsUntil, tunnel.Status(), tunnel?.Health ?? TunnelHealth.ClientOffline);
    }
}

/// <summary>Whose a port is.</summary>
internal enum PortUse
{
    /// <summary>A token's.</summary>
    Assigned,

    /// <summary>Nobody's yet: its token was deleted a short while ago.</summary>
    Resting,
}
