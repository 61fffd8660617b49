using System.Diagnostics.Metrics;
using Rabbit.Protocol.Relay;
using Rabbit.Tunneling.Cluster;

namespace Rabbit.Tunneling.Telemetry;

/// <summary>How visitors cross the cluster, and whether its nodes reach each other; names in docs/telemetry.md. Any thread may call.</summary>
internal sealed class ClusterMetrics
{
    private static readonly EnumAttribute<VisitorPath> Paths = new("rabbit.cluster.path");
    private static readonly EnumAttribute<LinkState> Links = new("rabbit.link.state");
    private static readonly KeyValuePair<string, object?> Receive = new(TunnelingMetrics.Direction, "receive");
    private static readonly KeyValuePair<string, object?> Transmit = new(TunnelingMetrics.Direction, "transmit");

    private readonly Lock _lock = new();
    private readonly HashSet<RelayCounters> _served = [];
    private readonly Counter<long> _visitors;
    private readonly Counter<long> _servedTotal;
    private readonly Counter<long> _linkLosses;
    private long _servedSoFar;
    private long _forwardedTotal;
    private long _directTotal;
    private long _receivedBefore;
    private long _transmittedBefore;
    private int _links;
    private int _connectedLinks;

    public ClusterMetrics(IMeterFactory meters)
    {
        Meter meter = meters.Create(TunnelingTelemetry.MeterName);
        _visitors = meter.CreateCounter<long>(
            "rabbit.cluster.visitors", "{visitor}", "Visitors that came here and were given a channel to a client of another node, by the way that it takes.");
        _servedTotal = meter.CreateCounter<long>("rabbit.cluster.served", "{visitor}", "Visitors of other nodes that this node's clients were given.");
        _linkLosses = meter.CreateCounter<long>("rabbit.cluster.link.losses", "{link}", "Links to other nodes that broke or could not be made.");
        meter.CreateObservableUpDownCounter("rabbit.cluster.serving", () => (long)CountServed(), "{visitor}", "Visitors of other nodes that are being served.");
        meter.CreateObservableCounter("rabbit.cluster.io", SumBytes, "By", "Bytes received from visitors of other nodes and transmitted to them.");
        meter.CreateObservableUpDownCounter("rabbit.cluster.links", CountLinks, "{link}", "Links to other nodes that this node has made, by state.");
    }

    /// <summary>How a visitor reaches a client of another node.</summary>
    internal enum VisitorPath
    {
        /// <summary>Through the node of the client.</summary>
        Forwarded,

        /// <summary>Over a data channel that the client has dialled here.</summary>
        Direct,
    }

    private enum LinkState
    {
        /// <summary>Being made.</summary>
        Connecting,

        /// <summary>Both sides have answered.</summary>
        Up,
    }

    /// <summary>A visitor got a channel.</summary>
    public void Taken(VisitorPath path)
    {
        _visitors.Add(1, Paths[path]);
        Interlocked.Increment(ref path == VisitorPath.Forwarded ? ref _forwardedTotal : ref _directTotal);
    }

    /// <summary>What has crossed so far.</summary>
    public ClusterTraffic Read()
    {
        lock (_lock)
        {
            return new ClusterTraffic(
                _served.Count, _servedSoFar, _receivedBefore + _served.Sum(counters => counters.AToB), _transmittedBefore + _served.Sum(counters => counters.BToA),
                Volatile.Read(ref _forwardedTotal), Volatile.Read(ref _directTotal));
        }
    }

    /// <summary>A visitor of another node is served, until the result is disposed.</summary>
    public IDisposable Serve(RelayCounters counters)
    {
        _servedTotal.Add(1);
        lock (_lock)
        {
            _servedSoFar++;
            _served.Add(counters);
        }
        return new Served(this, counters);
    }

    /// <summary>A link is being made.</summary>
    public void LinkBegins() => Interlocked.Increment(ref _links);

    /// <summary>It is there.</summary>
    public void LinkIsUp() => Interlocked.Increment(ref _connectedLinks);

    /// <summary>It has ended.</summary>
    public void LinkEnds(bool wasUp, bool isLost)
    {
        Interlocked.Decrement(ref _links);
        if (wasUp)
            Interlocked.Decrement(ref _connectedLinks);
        if (isLost)
            _linkLosses.Add(1);
    }

    private int CountServed()
    {
        lock (_lock)
            return _served.Count;
    }

    private IEnumerable<Measurement<long>> SumBytes()
    {
        lock (_lock)
        {
            return
            [
                new Measurement<long>(_receivedBefore + _served.Sum(counters => counters.AToB), Receive),
                new Measurement<long>(_transmittedBefore + _served.Sum(counters => counters.BToA), Transmit),
            ];
        }
    }

    private IEnumerable<Measurement<long>> CountLinks()
    {
        int up = Volatile.Read(ref _connectedLinks);
        return [new Measurement<long>(Math.Max(0, Volatile.Read(ref _links) - up), Links[LinkState.Connecting]), new Measurement<long>(up, Links[LinkState.Up])];
    }

    private sealed class Served(ClusterMetrics metrics, RelayCounters counters) : IDisposable
    {
        public void Dispose()
        {
            lock (metrics._lock)
            {
                if (!metrics._served.Remove(counters))
                    return;
                metrics._receivedBefore += counters.AToB;
                metrics._transmittedBefore += counters.BToA;
            }
        }
    }
}
