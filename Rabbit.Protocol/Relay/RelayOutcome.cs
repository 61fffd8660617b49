namespace Rabbit.Protocol.Relay;

/// <summary>How a relay ended.</summary>
public enum RelayOutcome
{
    /// <summary>Both directions ended in order and every byte was delivered.</summary>
    Completed,

    /// <summary>End A broke first (a reset, or it vanished); B was reset.</summary>
    ABroke,

    /// <summary>End B broke first; A was reset.</summary>
    BBroke,

    /// <summary>The caller's token aborted the relay; both ends were reset.</summary>
    Aborted,

    /// <summary>
    /// The opening step said no, or B broke before it had said yes: A has seen nothing of B, is still open, and is the
    /// caller's to answer and to close. B is closed.
    /// </summary>
    NotOpened,
}
