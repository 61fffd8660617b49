using Rabbit.Protocol.Messages;
using Rabbit.Tunneling.Cluster;
using Rabbit.Tunneling.State;

namespace Rabbit.Tunneling.Sessions;

/// <summary>Describes a tunnel, for the API; what it is told belongs together, as the tunnel's lock has it.</summary>
internal static class TunnelSnapshots
{
    /// <summary>The tunnel with this session, or without one; and with the stored session, or none.</summary>
    public static TunnelSnapshot Of(Tunnel tunnel, TunnelSession? session, SessionRecord? last)
    {
        var (health, reason, since) = HealthOf(tunnel, session);
        return new TunnelSnapshot(
            tunnel.Token.TokenId, tunnel.Token.TeamId, tunnel.Port.Number, tunnel.State, last?.SessionId, last?.Epoch ?? 0, last?.ClientAddress,
            last?.ClientName, last?.ClientSoftware, session?.Record.ConnectedAt, session?.RoundTrip, tunnel.Port.Connections)
        {
            Health = health,
            HealthReason = reason,
            HealthSince = since,
            TeamName = tunnel.Token.TeamName,
            TokenName = tunnel.Token.TokenName,
            LastSeenAt = session?.LastSeenAt,
            ReadyChannels = session?.ReadyChannels ?? 0,
            IsRestored = tunnel.IsRestored,
            IsElsewhere = session is RemoteSession,
            VisitorsTotal = tunnel.Port.Visitors.Total,
            BytesFromVisitors = tunnel.Port.Visitors.BytesFromVisitors,
            BytesToVisitors = tunnel.Port.Visitors.BytesToVisitors,
        };
    }

    /// <summary>What stands between visitors and the service, why, and since when.</summary>
    public static (TunnelHealth State, string Reason, DateTimeOffset Since) HealthOf(Tunnel tunnel, TunnelSession? session)
    {
        if (session is null)
            return (TunnelHealth.ClientOffline, tunnel.Port.BindError ?? tunnel.Absence.Last.Reason, tunnel.Absence.Last.Since);
        ServiceReport service = session.Service;
        TunnelHealth state = service.State switch
        {
            ServiceState.Up => TunnelHealth.Ok,
            ServiceState.Down => TunnelHealth.ServiceDown,
            _ => TunnelHealth.Unknown,
        };
        return (state, service.Reason, service.Since ?? session.Record.ConnectedAt);
    }
}
