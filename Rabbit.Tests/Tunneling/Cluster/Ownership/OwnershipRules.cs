namespace Rabbit.Tests.Tunneling.Cluster.Ownership;

/// <summary>
/// How large a modelled cluster is, what may happen to it, and by which rules it decides who owns its token. The rules as they are set
/// here are those of docs/clustering.md; each can be broken, to see that the search finds out.
/// </summary>
internal sealed record OwnershipRules
{
    public int Nodes { get; init; } = 2;

    public int Clients { get; init; } = 2;

    /// <summary>Logins at most.</summary>
    public int Epochs { get; init; } = 3;

    /// <summary>How long a confirmation holds, and a claim waits, in ticks of the clock.</summary>
    public int Lease { get; init; } = 2;

    /// <summary>Redis goes away for any of the nodes, comes back, and starts again without its data.</summary>
    public bool RedisFails { get; init; }

    /// <summary>The database goes away for all, and comes back.</summary>
    public bool DatabaseFails { get; init; }

    /// <summary>Nodes crash, and are there again without anything they knew.</summary>
    public bool NodesCrash { get; init; }

    /// <summary>
    /// Nodes are stopped as they stand, and wake. A node that does nothing while the clock ticks is as good as stopped, so this adds only
    /// what a stopped node's clock does.
    /// </summary>
    public bool NodesStop { get; init; }

    /// <summary>A visitor is served only by a session that is confirmed.</summary>
    public bool ServesConfirmedOnly { get; init; } = true;

    /// <summary>A confirmation counts from when it was asked for, not from its answer.</summary>
    public bool CountsFromRequest { get; init; } = true;

    /// <summary>A renewal in Redis compares epochs, and does not simply write.</summary>
    public bool RenewalCompares { get; init; } = true;

    /// <summary>A claim without Redis waits.</summary>
    public bool WaitsWithoutRedis { get; init; } = true;

    /// <summary>A wait begins anew when the route is taken, rather than with the raise of the epoch.</summary>
    public bool WaitsFromTakeOver { get; init; } = true;

    /// <summary>A wait ends by itself; otherwise only when the earlier owner has let go.</summary>
    public bool WaitEnds { get; init; } = true;

    /// <summary>Every raise of the epoch gives another number.</summary>
    public bool RaiseIsAtomic { get; init; } = true;

    /// <summary>What proves that the owner before serves no more is about exactly the epoch before.</summary>
    public bool ProofIsOfTheEpochBefore { get; init; } = true;

    /// <summary>That a claim is given up says nothing of who served before it.</summary>
    public bool OvertakenClaimsProveNothing { get; init; } = true;

    /// <summary>A client answers no visitor by a session that it has left.</summary>
    public bool ClientsLeaveSessions { get; init; } = true;

    /// <summary>The clock goes on while a node is stopped.</summary>
    public bool ClockGoesOnWhileStopped { get; init; } = true;

    /// <summary>A route without a lease proves that nobody serves.</summary>
    public bool LeaseIsProof { get; init; }

    /// <summary>Redis alone decides: a renewal there confirms, and no route there proves that nobody serves.</summary>
    public bool RedisDecides { get; init; }

    /// <summary>Whether the time of the last renewal matters.</summary>
    public bool RenewalsConfirm => DatabaseFails || RedisDecides;

    /// <summary>Whether the lease of the route matters.</summary>
    public bool LeaseMatters => LeaseIsProof || RedisDecides;
}
