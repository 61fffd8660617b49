using Microsoft.Extensions.Hosting;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Messages;
using Rabbit.Tunneling.Sessions;

namespace Rabbit.Tunneling.Cluster;

/// <summary>
/// Tells clients at which nodes they can log in: each after its login, and all when that has changed. One look for all of them, and one
/// frame; of a lone server nothing.
/// </summary>
internal sealed class ClientNodes(ITunnelDirectory directory, TunnelRegistry registry, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private volatile Told _told = new(new Nodes([]), default);

    /// <summary>A session has begun.</summary>
    public void Tell(NativeSession session)
    {
        if (!directory.IsShared)
            return;
        Look();
        session.Tell(_told.Frame);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!directory.IsShared)
            return;
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (!Look())
                continue;
            foreach (NativeSession session in registry.Tunnels.Select(tunnel => tunnel.Session).OfType<NativeSession>())
                session.Tell(_told.Frame);
        }
    }

    // True when it has changed. Called before the first round too, so that the first clients hear of what there is.
    private bool Look()
    {
        string self = directory.Self.Name;
        var now = new Nodes([.. directory.Nodes
            .Where(node => node.ClientAddress.Length > 0 && (!node.IsDraining || node.Name == self))
            .OrderBy(node => node.Name, StringComparer.Ordinal)
            .Select(node => new NodePlace(node.Name == self, node.ClientAddress, node.Fingerprint)).Take(Nodes.Most)]);
        if (_told.Nodes.Equals(now) && !_told.Frame.IsEmpty)
            return false;
        _told = new Told(now, Frame.Encode(now));
        return true;
    }

    private sealed record Told(Nodes Nodes, ReadOnlyMemory<byte> Frame);
}
