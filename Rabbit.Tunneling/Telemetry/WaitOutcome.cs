namespace Rabbit.Tunneling.Telemetry;

/// <summary>What became of a visitor that waited for its tunnel's client.</summary>
internal enum WaitOutcome
{
    /// <summary>The client has taken it.</summary>
    Served,

    /// <summary>The client was there, but could not serve it.</summary>
    Failed,

    /// <summary>The client did not come in time.</summary>
    Expired,

    /// <summary>It left.</summary>
    Left,

    /// <summary>There was no place for it, or the token's rules did not let it in.</summary>
    Refused,

    /// <summary>Its port was closed: the token is no longer valid, or the server stops.</summary>
    Closed,
}
