namespace Rabbit.Protocol.Relay;

/// <summary>How one direction of a relay ended.</summary>
internal enum LaneEnd
{
    /// <summary>The source ended, all was delivered, and the end was passed on.</summary>
    Completed,

    /// <summary>Receiving from the source failed.</summary>
    SourceBroke,

    /// <summary>Sending to the target failed.</summary>
    TargetBroke,

    /// <summary>The other end did not open; the source is intact.</summary>
    Stopped,
}
