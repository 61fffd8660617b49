using Microsoft.Extensions.Options;
using Rabbit.Tunneling.Telemetry;

namespace Rabbit.Tunneling.TunnelPorts;

/// <summary>Gives visitors places in their tunnels' lines, no more than the server has in all, and counts what became of them.</summary>
internal sealed class WaitingVisitors(IOptions<TunnelingOptions> options, TunnelingMetrics metrics)
{
    private int _count;

    /// <summary>Visitors that have a place, on all ports.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Gives a visitor without a place one; false when there is none.</summary>
    public bool TryJoin(Visitor visitor)
    {
        if (Interlocked.Increment(ref _count) <= options.Value.WaitingVisitors
            && visitor.Tunnel.Line.TryJoin(visitor.Number, options.Value.PendingVisitors) is { } place)
        {
            visitor.Place = place;
            return true;
        }
        Interlocked.Decrement(ref _count);
        return false;
    }

    /// <summary>A visitor is turned away for want of a place.</summary>
    public void Refuse() => metrics.Waited(WaitOutcome.Refused);

    /// <summary>Takes the visitor's place back, if it has one; the outcome is null for a client, which is no visitor.</summary>
    public void Leave(Visitor visitor, WaitOutcome? outcome)
    {
        if (visitor.Place is not { } place)
            return;
        visitor.Place = null;
        place.Leave();
        Interlocked.Decrement(ref _count);
        if (outcome is { } counted)
            metrics.Waited(counted);
    }
}
