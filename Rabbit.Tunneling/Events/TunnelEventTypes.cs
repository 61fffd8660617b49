namespace Rabbit.Tunneling.Events;

/// <summary>The types of the events that this project tells of.</summary>
public static class TunnelEventTypes
{
    /// <summary>A client serves the tunnel.</summary>
    public const string TunnelLive = "tunnel.live";

    /// <summary>The client has left; the port answers visitors.</summary>
    public const string TunnelOffline = "tunnel.offline";

    /// <summary>The port listens no more.</summary>
    public const string TunnelClosed = "tunnel.closed";

    /// <summary>Another program holds the port.</summary>
    public const string PortBusy = "tunnel.port_busy";

    /// <summary>The client says that its local service does not work; the detail says why.</summary>
    public const string ServiceDown = "tunnel.service_down";

    /// <summary>The client says that its local service works again.</summary>
    public const string ServiceUp = "tunnel.service_up";

    /// <summary>A visitor is being served.</summary>
    public const string VisitorOpened = "visitor.opened";

    /// <summary>A visitor has gone, or was turned away.</summary>
    public const string VisitorClosed = "visitor.closed";

    /// <summary>The reader was too slow, or asks for events that are forgotten; the detail says how many it has missed.</summary>
    public const string Missed = "missed";
}
