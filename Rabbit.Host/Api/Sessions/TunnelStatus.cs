using Rabbit.Tunneling.Sessions;

namespace Rabbit.Host.Api.Sessions;

/// <summary>What a tunnel port does now on this server.</summary>
internal enum TunnelStatus
{
    /// <summary>A client serves it.</summary>
    Live,

    /// <summary>It listens; visitors are told that the client is away.</summary>
    Offline,

    /// <summary>Another program holds the port; it is tried again.</summary>
    PortBusy,

    /// <summary>It no longer listens; streams are finishing.</summary>
    Draining,

    /// <summary>It does not listen: no client has logged in, or none for long.</summary>
    Closed,
}

/// <summary>Tells it from a tunnel's state.</summary>
internal static class TunnelStatuses
{
    public static TunnelStatus Status(this TunnelSnapshot? tunnel) => tunnel?.State switch
    {
        TunnelState.Live => TunnelStatus.Live,
        TunnelState.Offline => TunnelStatus.Offline,
        TunnelState.PortBusy => TunnelStatus.PortBusy,
        TunnelState.Draining => TunnelStatus.Draining,
        _ => TunnelStatus.Closed,
    };
}
