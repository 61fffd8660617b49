using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.TunnelPorts;

namespace Rabbit.Tunneling.Traffic;

/// <summary>How much was carried in each of the last seconds, by tunnel and in all.</summary>
public sealed class TrafficHistory
{
    /// <summary>Seconds that are remembered.</summary>
    public const int Seconds = 180;

    private readonly TunnelRegistry _tunnels;
    private readonly TimeProvider _time;
    private readonly TrafficRing _all = new();

    internal TrafficHistory(TunnelRegistry tunnels, TimeProvider time)
    {
        _tunnels = tunnels;
        _time = time;
    }

    /// <summary>The last <see cref="Seconds"/> seconds of all tunnels, the oldest first.</summary>
    public IReadOnlyList<TrafficSample> Read() => Sum([_all]);

    /// <summary>The same of a team's tunnels.</summary>
    public IReadOnlyList<TrafficSample> ReadTeam(string teamId) =>
        Sum(_tunnels.Tunnels.Where(tunnel => tunnel.Token.TeamId == teamId).Select(tunnel => tunnel.Port.Visitors.Traffic));

    /// <summary>The same of one tunnel.</summary>
    public IReadOnlyList<TrafficSample> ReadTunnel(string tokenId) =>
        Sum(_tunnels.Tunnels.Where(tunnel => tunnel.Token.TokenId == tokenId).Select(tunnel => tunnel.Port.Visitors.Traffic));

    /// <summary>Notes what was carried since the last time; called once a second.</summary>
    internal void Sample()
    {
        long second = Second();
        TrafficSample sum = default;
        foreach (Tunnel tunnel in _tunnels.Tunnels)
        {
            PortVisitors visitors = tunnel.Port.Visitors;
            TrafficSample carried = visitors.TakeCarried();
            visitors.Traffic.Add(second, carried);
            sum = new TrafficSample(sum.FromVisitors + carried.FromVisitors, sum.ToVisitors + carried.ToVisitors);
        }
        _all.Add(second, sum);
    }

    private TrafficSample[] Sum(IEnumerable<TrafficRing> rings)
    {
        var sums = new TrafficSample[Seconds];
        // The second that is not over has no figures yet.
        long last = Second() - 1;
        foreach (TrafficRing ring in rings)
            ring.AddTo(sums, last);
        return sums;
    }

    private long Second() => (long)_time.GetElapsedTime(0).TotalSeconds;
}
