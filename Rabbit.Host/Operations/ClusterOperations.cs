using Microsoft.Extensions.Options;
using Rabbit.Host.Api.Access;
using Rabbit.Persistence.Management;
using Rabbit.Tunneling;
using Rabbit.Tunneling.Cluster;

namespace Rabbit.Host.Operations;

/// <summary>What is seen of the cluster and done to this node, whoever asks for it.</summary>
internal sealed class ClusterOperations(
    ITunnelDirectory directory, NodeDrain drain, NodeTraffic traffic, AuditLog audit, IOptions<TunnelingOptions> options)
{
    /// <summary>The cluster now; from memory.</summary>
    public ClusterView Look() => new(
        directory.IsShared, options.Value.Node, [.. directory.Nodes.OrderBy(node => node.Name, StringComparer.Ordinal)], directory.Routes, traffic.Read());

    /// <summary>Begins to send this node's clients to the others; why not, in one sentence, or null.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="node">The node that is meant; null for this one.</param>
    /// <param name="cancellationToken">The caller has gone.</param>
    public async Task<string?> DrainAsync(Caller caller, string? node, CancellationToken cancellationToken)
    {
        string name = options.Value.Node;
        if (node is not null && node != name)
            return $"This is node {name}, and not {node}; ask that one's API.";
        if (!directory.IsShared)
            return "This is a lone server, without another node that could take its clients.";
        if (!drain.HasTargets)
            return "There is no other live node that could take the clients; start one, or stop this one without draining it.";
        await audit.WriteAsync(caller.Actor, "cluster.drain", name, "", cancellationToken);
        drain.Begin();
        return null;
    }
}
