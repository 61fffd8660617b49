namespace Rabbit.Tunneling.Sessions;

/// <summary>Why a session's control channel ended.</summary>
internal enum SessionEnd
{
    /// <summary>The connection closed or broke without a word.</summary>
    ClientLost,

    /// <summary>Nothing was heard for the time after which a client counts as dead.</summary>
    ClientSilent,

    /// <summary>The client said Disconnect.</summary>
    ClientDisconnected,

    /// <summary>The client broke the protocol.</summary>
    ProtocolError,

    /// <summary>A newer login of the same token took over.</summary>
    Superseded,

    /// <summary>The token was revoked or deleted.</summary>
    Revoked,

    /// <summary>The token expired.</summary>
    Expired,

    /// <summary>Its token's secret was replaced, and the time of the old one is over.</summary>
    Rotated,

    /// <summary>Its client's network is not allowed any more.</summary>
    NotAllowed,

    /// <summary>An operator closed it.</summary>
    Closed,

    /// <summary>The server is stopping.</summary>
    Shutdown,
}
