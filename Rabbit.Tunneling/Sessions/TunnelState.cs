namespace Rabbit.Tunneling.Sessions;

/// <summary>What a tunnel's port does now.</summary>
public enum TunnelState
{
    /// <summary>The port could not be bound; it is tried again.</summary>
    PortBusy,

    /// <summary>The port listens; the client is away, and visitors are told so.</summary>
    Offline,

    /// <summary>A client serves it.</summary>
    Live,

    /// <summary>The port no longer listens; streams are finishing.</summary>
    Draining,
}
