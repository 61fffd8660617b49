using Rabbit.Host.Operations;
using Rabbit.Tunneling.Cluster;

namespace Rabbit.Host.Api.Cluster;

/// <summary>A live node of the cluster, as it described itself when it last renewed its lease.</summary>
/// <param name="Name">Its name.</param>
/// <param name="State">Whether it takes clients.</param>
/// <param name="IsThis">True for the one that answers.</param>
/// <param name="NodeAddress">Where other nodes connect.</param>
/// <param name="ClientAddress">Where clients reach this node and no other; empty where they do not.</param>
/// <param name="Fingerprint">SHA-256 of the certificate that it shows clients.</param>
/// <param name="Version">Its program's version.</param>
/// <param name="StartedAt">When its process began.</param>
/// <param name="Sessions">Clients connected to it.</param>
/// <param name="Visitors">Visitors that it serves, those of other nodes' clients included.</param>
/// <param name="Routes">Tunnels that it owns, as the node that answers knows.</param>
internal sealed record NodeSummary(
    string Name, NodeCondition State, bool IsThis, string NodeAddress, string ClientAddress, string Fingerprint, string Version, DateTimeOffset StartedAt,
    int Sessions, int Visitors, int Routes)
{
    public static NodeSummary Of(ClusterNode node, ClusterView view) => new(
        node.Name, node.IsDraining ? NodeCondition.Draining : NodeCondition.Live, node.Name == view.Node, node.NodeAddress, node.ClientAddress,
        node.Fingerprint, node.Version, node.StartedAt, node.Sessions, node.Visitors, view.Routes.Count(route => route.Node == node.Name));
}

/// <summary>Whether a node takes clients.</summary>
internal enum NodeCondition
{
    /// <summary>It does.</summary>
    Live,

    /// <summary>Its clients are on their way to other nodes, and it takes no more.</summary>
    Draining,
}
