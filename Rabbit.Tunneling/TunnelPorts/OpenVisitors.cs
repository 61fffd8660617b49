using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Rabbit.Tunneling.Traffic;

namespace Rabbit.Tunneling.TunnelPorts;

/// <summary>
/// The visitors that are being served, on all ports. Once a second their byte counts go to the connection log and the history of
/// the traffic, so that they can be seen while they run, and a crash costs no more than the last second's.
/// </summary>
internal sealed class OpenVisitors(TrafficHistory traffic, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<ulong, Visitor> _visitors = new();

    /// <summary>How many there are.</summary>
    public int Count => _visitors.Count;

    /// <summary>Takes up a visitor; again is the same as once.</summary>
    public void Add(Visitor visitor) => _visitors[visitor.Number] = visitor;

    /// <summary>Forgets a visitor, if it was here.</summary>
    public void Remove(Visitor visitor) => _visitors.TryRemove(visitor.Number, out _);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            foreach (var (_, visitor) in _visitors)
                visitor.RecordProgress();
            traffic.Sample();
        }
    }
}
