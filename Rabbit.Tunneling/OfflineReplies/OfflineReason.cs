namespace Rabbit.Tunneling.OfflineReplies;

/// <summary>Why a visitor cannot be served now.</summary>
internal enum OfflineReason
{
    /// <summary>The tunnel's client is not connected.</summary>
    ClientAway,

    /// <summary>Nothing listens where the client was told to go.</summary>
    LocalServiceRefused,

    /// <summary>The local service did not answer the client in time.</summary>
    LocalServiceTimedOut,

    /// <summary>The local service's address cannot be resolved or reached.</summary>
    LocalServiceUnreachable,

    /// <summary>The client is out of resources or is stopping.</summary>
    ClientBusy,

    /// <summary>The client opened no data channel in time.</summary>
    NoChannel,

    /// <summary>There are as many visitors as the token allows, or as can wait for the client.</summary>
    TooManyVisitors,

    /// <summary>The port is being closed: its token is no longer valid, or the server stops.</summary>
    PortClosed,
}
