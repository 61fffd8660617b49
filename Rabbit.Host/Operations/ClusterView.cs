using Rabbit.Tunneling.Cluster;

namespace Rabbit.Host.Operations;

/// <summary>The cluster as this server sees it.</summary>
/// <param name="IsCluster">False for a lone server.</param>
/// <param name="Node">This server's name.</param>
/// <param name="Nodes">The live nodes by name.</param>
/// <param name="Routes">The live owners of tunnels, in no order.</param>
/// <param name="Traffic">What crosses between this node and the others.</param>
internal sealed record ClusterView(
    bool IsCluster, string Node, IReadOnlyList<ClusterNode> Nodes, IReadOnlyCollection<TunnelRoute> Routes, ClusterTraffic Traffic);
