namespace Rabbit.Client.Status;

/// <summary>How a tunnel stands, as this program sees it.</summary>
internal enum TunnelState
{
    /// <summary>It logs in.</summary>
    Connecting,

    /// <summary>Visitors reach this program.</summary>
    Live,

    /// <summary>It was lost, or could not be made, and is tried again later.</summary>
    Waiting,

    /// <summary>It cannot be made, and trying again would not help.</summary>
    Failed,

    /// <summary>It was ended on purpose.</summary>
    Stopped,
}
