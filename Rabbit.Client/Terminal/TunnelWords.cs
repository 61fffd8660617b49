using Rabbit.Client.Status;
using Rabbit.Protocol.Messages;

namespace Rabbit.Client.Terminal;

/// <summary>How a tunnel stands, in words.</summary>
internal static class TunnelWords
{
    /// <summary>In one or a few words, such as "retry in 4 s".</summary>
    public static string State(TunnelSnapshot tunnel, DateTimeOffset now) => tunnel.State switch
    {
        TunnelState.Live when tunnel.Service == ServiceState.Down => "live, service down",
        TunnelState.Live => "live",
        TunnelState.Connecting => "connecting",
        TunnelState.Waiting => $"retry in {Amounts.Time((tunnel.NextTryAt ?? now) - now)}",
        TunnelState.Failed => "failed",
        _ => "stopped",
    };

    /// <summary>What is wrong, or null.</summary>
    public static string? Trouble(TunnelSnapshot tunnel) => tunnel.Reason ?? tunnel.ServiceReason;
}
