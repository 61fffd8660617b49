using Rabbit.Tunneling.Telemetry;

namespace Rabbit.Tunneling.Cluster;

/// <summary>The visitors that cross between this node and the others, for whoever shows them.</summary>
public sealed class NodeTraffic
{
    private readonly ClusterMetrics _metrics;

    internal NodeTraffic(ClusterMetrics metrics) => _metrics = metrics;

    /// <summary>The figures now.</summary>
    public ClusterTraffic Read() => _metrics.Read();
}
