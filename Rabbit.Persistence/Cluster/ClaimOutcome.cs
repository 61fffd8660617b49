namespace Rabbit.Persistence.Cluster;

/// <summary>What came of a claim.</summary>
internal enum ClaimOutcome
{
    /// <summary>Nobody else served the tunnel.</summary>
    Free,

    /// <summary>Another node let go of it.</summary>
    Yielded,

    /// <summary>Another node's lease ran out.</summary>
    Expired,

    /// <summary>A later claim was faster.</summary>
    Superseded,

    /// <summary>The database did not answer, or the client left.</summary>
    Failed,
}
