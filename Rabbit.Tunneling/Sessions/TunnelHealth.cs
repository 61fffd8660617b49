namespace Rabbit.Tunneling.Sessions;

/// <summary>What stands between a tunnel's visitors and its service.</summary>
public enum TunnelHealth
{
    /// <summary>Nothing: the client is connected, and its service works.</summary>
    Ok,

    /// <summary>The client is connected, and says that its service does not work.</summary>
    ServiceDown,

    /// <summary>The client is away.</summary>
    ClientOffline,

    /// <summary>The client is connected and does not say how its service is: it has not asked yet, was told not to, or is of an older kind.</summary>
    Unknown,
}
