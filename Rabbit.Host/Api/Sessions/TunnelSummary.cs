using Rabbit.Tunneling.Sessions;

namespace Rabbit.Host.Api.Sessions;

/// <summary>A tunnel of this server as it stands now, and the session that serves it or waits for its client.</summary>
/// <param name="TokenId">Its token.</param>
/// <param name="TeamId">Its team.</param>
/// <param name="Port">Its tunnel port.</param>
/// <param name="State">What the port does now.</param>
/// <param name="SessionId">The session, or null.</param>
/// <param name="Epoch">Grows with every login of the token.</param>
/// <param name="ClientAddress">Where the client is, or was, or null.</param>
/// <param name="ClientName">The name of its machine, or null.</param>
/// <param name="ClientSoftware">Its program and version, or null.</param>
/// <param name="ConnectedAt">When the client logged in; null while it is away.</param>
/// <param name="LastSeenAt">When the client was last heard of; null while it is away.</param>
/// <param name="RoundTripMs">Round-trip time of the last heartbeat in milliseconds, or null.</param>
/// <param name="Visitors">Connections on the port now.</param>
/// <param name="VisitorsTotal">Visitors since this server started.</param>
/// <param name="BytesFromVisitors">Bytes that visitors have sent since this server started.</param>
/// <param name="BytesToVisitors">Bytes that visitors have got since this server started.</param>
/// <param name="ReadyChannels">Data channels that wait for a visitor.</param>
/// <param name="Restored">True from a restart of the server until the client is back.</param>
/// <param name="Health">What stands between visitors and the service.</param>
/// <param name="HealthReason">Why it is not ok, for people; else empty.</param>
/// <param name="HealthSince">Since when it is so, as this server knows it.</param>
internal sealed record TunnelSummary(
    string TokenId, string TeamId, int Port, TunnelStatus State, Guid? SessionId, long Epoch, string? ClientAddress, string? ClientName,
    string? ClientSoftware, DateTimeOffset? ConnectedAt, DateTimeOffset? LastSeenAt, double? RoundTripMs, int Visitors, long VisitorsTotal,
    long BytesFromVisitors, long BytesToVisitors, int ReadyChannels, bool Restored, TunnelHealth Health, string HealthReason, DateTimeOffset HealthSince)
{
    public static TunnelSummary Of(TunnelSnapshot tunnel) => new(
        tunnel.TokenId, tunnel.TeamId, tunnel.Port, tunnel.Status(), tunnel.SessionId, tunnel.Epoch, tunnel.ClientAddress, tunnel.ClientName,
        tunnel.ClientSoftware, tunnel.ConnectedAt, tunnel.LastSeenAt, tunnel.RoundTrip?.TotalMilliseconds, tunnel.Visitors, tunnel.VisitorsTotal,
        tunnel.BytesFromVisitors, tunnel.BytesToVisitors, tunnel.ReadyChannels, tunnel.IsRestored,
        tunnel.Health, tunnel.HealthReason, tunnel.HealthSince);
}
