using System.Net.Sockets;
using Rabbit.Protocol.Transport;

namespace Rabbit.Protocol.Relay;

/// <summary>One direction of a relay: moves bytes from a source to a target until the source ends or something breaks.</summary>
internal abstract class RelayLane
{
    /// <summary>Bytes after which a lane gives its thread up once, since two fast sockets never make it wait.</summary>
    protected const int BurstLength = 8 * 1024 * 1024;

    /// <summary>
    /// The fastest lane for these two ends.
    /// </summary>
    /// <param name="source">Where bytes come from.</param>
    /// <param name="target">Where they go.</param>
    /// <param name="counter">Told of every chunk once the target's socket has taken it.</param>
    /// <param name="opening">Keeps the first bytes and may stop the lane, or null.</param>
    public static RelayLane Between(RelayEnd source, RelayEnd target, LaneCounter counter, RelayOpening? opening = null) =>
        OperatingSystem.IsLinux() && source is SocketEnd && target is SocketEnd
            ? new SocketLane(source, target, counter, opening)
            : new BufferLane(source, target, counter, opening);

    /// <summary>Runs to the end; holds no buffer and no pipe while it waits for bytes. Never throws for what peers do.</summary>
    public abstract Task<LaneEnd> RunAsync();

    /// <summary>True for what a connection throws that the peer, the network or <see cref="RelayEnd.Abort"/> broke.</summary>
    public static bool IsBreak(Exception e) => e is SocketException or IOException or ObjectDisposedException;
}
