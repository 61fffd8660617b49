using Rabbit.Host.Operations;

namespace Rabbit.Host.Api.Cluster;

/// <summary>The cluster as this node sees it.</summary>
/// <param name="Clustered">False for a lone server, which has no nodes to list.</param>
/// <param name="Node">Name of the server that answers.</param>
/// <param name="Nodes">The live nodes, by name.</param>
/// <param name="Routes">Tunnels whose client is connected to one of them.</param>
/// <param name="Forwarded">Visitors that cross from node to node here.</param>
internal sealed record ClusterSummary(bool Clustered, string Node, IReadOnlyList<NodeSummary> Nodes, int Routes, ForwardedSummary Forwarded)
{
    public static ClusterSummary Of(ClusterView view) => new(
        view.IsCluster, view.Node, [.. view.Nodes.Select(node => NodeSummary.Of(node, view))], view.Routes.Count, ForwardedSummary.Of(view.Traffic));
}
