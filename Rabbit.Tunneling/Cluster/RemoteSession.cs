using Rabbit.Protocol.Transport;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.State;
using Rabbit.Tunneling.Transport;

namespace Rabbit.Tunneling.Cluster;

/// <summary>
/// The session of a tunnel whose client is connected to another node. To a visitor it is like any other: it gives data channels, which
/// the client has dialled to this node, or which lead to the owner.
/// </summary>
internal abstract class RemoteSession(Tunnel tunnel, SessionRecord record, TunnelRoute route) : TunnelSession(tunnel, record)
{
    /// <summary>Where it is.</summary>
    public TunnelRoute Route { get; } = route;

    /// <inheritdoc/>
    public override bool ChannelsAreFramed => true;

    /// <summary>True when a channel that it gave leads to the owner, and not to the client itself.</summary>
    public abstract bool IsForwarded(RelayEnd channel);

    /// <summary>Cancelled when the owner cannot be reached any more.</summary>
    public abstract CancellationToken OwnerLost { get; }

    /// <summary>The owner says that it is none any more: the session ends, and its visitors wait for the next.</summary>
    public abstract void Disown();

    /// <inheritdoc/>
    public override Task<SessionEnd> RunAsync(IncomingConnection connection) => throw new NotSupportedException("Its control channel is elsewhere.");

    /// <inheritdoc/>
    public override ValueTask SweepAsync() => ValueTask.CompletedTask;
}
