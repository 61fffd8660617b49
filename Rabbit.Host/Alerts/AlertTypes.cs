using Rabbit.Tunneling.Events;

namespace Rabbit.Host.Alerts;

/// <summary>What alerts tell of; of tunnels by the names that the live events have.</summary>
internal static class AlertTypes
{
    /// <summary>A tunnel's client has been away for longer than the grace.</summary>
    public const string TunnelOffline = TunnelEventTypes.TunnelOffline;

    /// <summary>It is back.</summary>
    public const string TunnelLive = TunnelEventTypes.TunnelLive;

    /// <summary>A tunnel's service has been down for longer than the grace.</summary>
    public const string ServiceDown = TunnelEventTypes.ServiceDown;

    /// <summary>It works again.</summary>
    public const string ServiceUp = TunnelEventTypes.ServiceUp;

    /// <summary>A token will expire.</summary>
    public const string TokenExpiring = "token.expiring";

    /// <summary>Somebody tries whether alerts arrive.</summary>
    public const string Test = "alert.test";
}
