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

    private volatile Told? _told;

    /// <summary>A session has begun, and its tunnel knows it: what changes from now on it is told with all others.</summary>
    public void Tell(NativeSession session)
    {
        if (directory.IsShared)
            session.Tell((_told ??= Look()).Frame);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!directory.IsShared)
            return;
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            Told now = Look();
            if (_told is { } told && told.Nodes.Equals(now.Nodes))
                continue;
            _told = now;
            foreach (NativeSession session in registry.Tunnels.Select(tunnel => tunnel.Session).OfType<NativeSession>())
                session.Tell(now.Frame);
        }
    }

    private Told Look()
    {
        string self = directory.Self.Name;
        var now = new Nodes([.. directory.Nodes
            .Where(node => node.ClientAddress.Length > 0 && (!node.IsDraining || node.Name == self))
            .OrderBy(node => node.Name, StringComparer.Ordinal)
            .Select(node => new NodePlace(node.Name == self, node.ClientAddress, node.Fingerprint)).Take(Nodes.Most)]);
        return new Told(now, Frame.Encode(now));
    }

    private sealed record Told(Nodes Nodes, ReadOnlyMemory<byte> Frame);
}
