namespace Rabbit.Tunneling.Telemetry;

/// <summary>What a login meant for its tunnel.</summary>
internal enum LoginKind
{
    /// <summary>A new session: the tunnel had none.</summary>
    First,

    /// <summary>The session goes on: its client was away, or came back before that was noticed.</summary>
    Reconnect,

    /// <summary>The session was restored by this server's start, and goes on.</summary>
    Restored,

    /// <summary>Another client's session was superseded.</summary>
    Takeover,
}
