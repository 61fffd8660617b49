namespace Rabbit.Tunneling.Cluster;

/// <summary>Visitors that cross between this node and the others, since it started.</summary>
/// <param name="ServedNow">Visitors of other nodes that this node's clients are serving.</param>
/// <param name="ServedTotal">Visitors of other nodes that this node's clients were given.</param>
/// <param name="BytesFromVisitors">Bytes that those have sent.</param>
/// <param name="BytesToVisitors">Bytes that those have got.</param>
/// <param name="ForwardedTotal">Visitors that came here and went through the node of their client.</param>
/// <param name="DirectTotal">Visitors that came here and were taken by a channel that another node's client has dialled here.</param>
public readonly record struct ClusterTraffic(
    int ServedNow, long ServedTotal, long BytesFromVisitors, long BytesToVisitors, long ForwardedTotal, long DirectTotal);
