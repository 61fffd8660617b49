using Rabbit.Tunneling.Cluster;

namespace Rabbit.Host.Api.Cluster;

/// <summary>What crosses between the node that answers and the others, since it started.</summary>
/// <param name="ServedNow">Visitors of other nodes that its clients are serving.</param>
/// <param name="ServedTotal">Visitors of other nodes that its clients were given.</param>
/// <param name="BytesFromVisitors">Bytes that those have sent.</param>
/// <param name="BytesToVisitors">Bytes that those have got.</param>
/// <param name="ForwardedTotal">Visitors that came here and went through the node of their client.</param>
/// <param name="DirectTotal">Visitors that came here and were taken by a channel that another node's client has dialled here.</param>
internal sealed record ForwardedSummary(
    int ServedNow, long ServedTotal, long BytesFromVisitors, long BytesToVisitors, long ForwardedTotal, long DirectTotal)
{
    public static ForwardedSummary Of(ClusterTraffic traffic) => new(
        traffic.ServedNow, traffic.ServedTotal, traffic.BytesFromVisitors, traffic.BytesToVisitors, traffic.ForwardedTotal, traffic.DirectTotal);
}
