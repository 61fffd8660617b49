namespace Rabbit.Faults.History;

/// <summary>What a visitor saw.</summary>
internal enum VisitOutcome
{
    /// <summary>All bytes, the right ones, and an end in order.</summary>
    Served,

    /// <summary>The server's own answer that the tunnel cannot serve now.</summary>
    Offline,

    /// <summary>Nobody listened.</summary>
    Refused,

    /// <summary>The right bytes, and then a reset.</summary>
    Reset,

    /// <summary>The right bytes, and an end in order before all were there.</summary>
    Cut,

    /// <summary>Silence.</summary>
    TimedOut,

    /// <summary>Bytes that are not this visitor's.</summary>
    Corrupt,
}
