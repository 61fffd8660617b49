namespace Rabbit.Tunneling.Cluster;

/// <summary>Deals clients out to nodes, each to the one that has the fewest by then.</summary>
internal sealed class LeastLoaded
{
    private readonly PriorityQueue<string, int> _nodes = new();

    /// <param name="nodes">Those that can take clients; who names no address for clients gets none.</param>
    public LeastLoaded(IEnumerable<ClusterNode> nodes)
    {
        foreach (ClusterNode node in nodes.Where(node => node.ClientAddress.Length > 0))
            _nodes.Enqueue(node.ClientAddress, node.Sessions);
    }

    /// <summary>Where the next client is to go, <c>host:port</c>; empty where nobody says.</summary>
    public string Next()
    {
        if (!_nodes.TryDequeue(out string? address, out int clients))
            return "";
        _nodes.Enqueue(address, clients + 1);
        return address;
    }
}
