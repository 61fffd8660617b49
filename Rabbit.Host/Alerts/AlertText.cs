using System.Globalization;
using Rabbit.Host.Display;
using Rabbit.Persistence.Alerts;
using Rabbit.Tunneling.Sessions;

namespace Rabbit.Host.Alerts;

/// <summary>The sentences of alerts.</summary>
internal static class AlertText
{
    public static string Offline(TunnelSnapshot tunnel) => $"The client of port {tunnel.Port} ({Of(tunnel)}) is away{Because(tunnel)}; its visitors are told so. Start it again, or see what its log says.";

    public static string Live(TunnelSnapshot tunnel) => $"The client of port {tunnel.Port} ({Of(tunnel)}) is connected again.";

    public static string ServiceDown(TunnelSnapshot tunnel) => $"The service behind port {tunnel.Port} ({Of(tunnel)}) is down, says its client{Because(tunnel)}.";

    public static string ServiceUp(TunnelSnapshot tunnel) => $"The service behind port {tunnel.Port} ({Of(tunnel)}) works again.";

    public static string Expiring(ExpiringToken token, DateTimeOffset now)
    {
        TimeSpan left = token.ExpiresAt - now;
        string time = left.TotalDays >= 2 ? $"{Math.Round(left.TotalDays):0} days" : left.TotalHours >= 2 ? $"{Math.Round(left.TotalHours):0} hours" : "less than 2 hours";
        return $"The token '{token.TokenName}' of team '{token.TeamName}' expires in {time}, at {Show.Time(token.ExpiresAt)}, and the tunnel on port {token.Port} ends with it; set another expiry if it is still needed.";
    }

    /// <summary>Says which expiry was told of, and how long before.</summary>
    public static string Mark(DateTimeOffset expiresAt, int days) => string.Create(CultureInfo.InvariantCulture, $"{expiresAt.ToUnixTimeMilliseconds()} {days}");

    private static string Of(TunnelSnapshot tunnel) => $"token '{tunnel.TokenName}' of team '{tunnel.TeamName}'";

    private static string Because(TunnelSnapshot tunnel) => tunnel.HealthReason.Length > 0 ? $" ({tunnel.HealthReason})" : "";
}
