namespace Rabbit.Faults.History;

/// <summary>What a visitor does.</summary>
internal enum VisitKind
{
    /// <summary>Asks once, and reads the answer.</summary>
    Brief,

    /// <summary>Sends and receives for a while, both at once.</summary>
    Stream,

    /// <summary>Says something, is silent for a while, and says something again.</summary>
    Idle,

    /// <summary>Waits for the service to speak first.</summary>
    ServerFirst,
}
