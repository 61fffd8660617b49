using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Rabbit.Tunneling.Telemetry;

namespace Rabbit.Tunneling.Cluster;

/// <summary>The links to other nodes, one a run of each, made when they are first needed. Any thread may call.</summary>
internal sealed class NodeLinks(NodeDialer dialer, ITunnelDirectory directory, ClusterMetrics metrics, TimeProvider time, ILogger<NodeLink> logger) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<Guid, (NodeLink Link, Task Running)> _links = new();
    private readonly Lock _lock = new();
    private bool _isStopped;

    /// <summary>The link to this node; null when this node stops.</summary>
    public NodeLink? To(ClusterNode node)
    {
        if (_links.TryGetValue(node.Run, out var one))
            return one.Link;
        lock (_lock)
        {
            if (_isStopped)
                return null;
            if (_links.TryGetValue(node.Run, out one))
                return one.Link;
            var link = new NodeLink(node, dialer, directory, metrics, time, logger);
            var begin = new TaskCompletionSource();
            _links[node.Run] = (link, RunAsync(link, begin.Task));
            begin.SetResult();
            return link;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        lock (_lock)
            _isStopped = true;
        foreach (var (link, _) in _links.Values)
            link.Stop();
        await Task.WhenAll(_links.Values.Select(one => one.Running));
    }

    // Registered first, so that one that ends at once is taken out.
    private async Task RunAsync(NodeLink link, Task registered)
    {
        await registered.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        await link.RunAsync();
        _links.TryRemove(link.Node.Run, out _);
    }
}
