namespace Rabbit.Tunneling;

/// <summary>
/// Numbers of the log events, one range a subject: control 1000, ports 2000, relay 3000, restoration 4000,
/// persistence 5000, cluster 6000, API 7000. A number is never used again for another event.
/// </summary>
internal static class EventIds
{
    public const int LoginRejected = 1000;
    public const int ClientConnected = 1001;
    public const int ClientLost = 1002;
    public const int ClientSuperseded = 1003;
    public const int HandshakeFailed = 1004;
    public const int ConnectionFailed = 1005;
    public const int SessionNotStoredInTime = 1006;
    public const int PlaintextAllowed = 1007;
    public const int HandshakesRefused = 1008;
    public const int RevocationsUnknown = 1009;
    public const int RevocationsKnownAgain = 1010;
    public const int RevocationCheckFailed = 1011;
    public const int AddressPenalized = 1012;
    public const int StandbyConnected = 1013;

    public const int TunnelPortBound = 2000;
    public const int TunnelPortClosed = 2001;
    public const int AcceptFailed = 2002;
    public const int TunnelEnded = 2004;
    public const int NoProxyHeader = 2005;
    public const int DescriptorsShort = 2006;

    public const int RestoredListener = 4000;
    public const int ListeningForReconnection = 4001;
    public const int ClientReconnected = 4002;
    public const int RestorationCompleted = 4003;
    public const int PortBusy = 4004;
    public const int StaleSessionEnded = 4005;
    public const int HeartbeatNotStored = 4006;
    public const int HeartbeatFailed = 4007;

    public const int RouteNotFollowed = 6000;
    public const int RouteWatchFailed = 6001;
    public const int EndedSessionsUnknown = 6002;
    public const int EndedSessionWatchFailed = 6003;

    public const int NodePortListening = 6100;
    public const int NodeHandshakeFailed = 6101;
    public const int NodeLinkUp = 6102;
    public const int NodeLinkLost = 6103;
    public const int OwnerUnreachable = 6104;
    public const int OwnerLost = 6105;
    public const int DirectRefused = 6106;

    public const int NodeDraining = 6200;
    public const int NodeDrained = 6201;
}
