namespace Rabbit.Protocol.Relay;

/// <summary>How a relay ended.</summary>
public enum RelayOutcome
{
    /// <summary>Both directions ended in order and every byte was delivered.</summary>
    Completed,

    /// <summary>End A broke (a reset, or it vanished); B was reset.</summary>
    ABroke,

    /// <summary>End B broke; A was reset.</summary>
    BBroke,

    /// <summary>The caller's token aborted the relay; both ends were reset.</summary>
    Aborted,
}
