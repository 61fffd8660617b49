namespace Rabbit.Persistence.Cluster;

/// <summary>What a hint tells.</summary>
internal enum RouteHintKind
{
    /// <summary>A node serves a tunnel.</summary>
    Route,

    /// <summary>A node has let go of a tunnel.</summary>
    Gone,

    /// <summary>A node wants a tunnel, whoever has it at a lower epoch.</summary>
    Claim,
}
