namespace Rabbit.Tunneling.Cluster;

/// <summary>What one of the nodes on a database does for all of them: counting the uptime, ending what is stale, removing what is old, alerts.</summary>
public interface IDuties
{
    /// <summary>True while they are this node's; a lone server has them all the time.</summary>
    bool AreMine { get; }
}
