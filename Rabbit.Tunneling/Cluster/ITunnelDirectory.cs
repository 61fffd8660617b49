using System.Threading.Channels;
using Rabbit.Tunneling.State;

namespace Rabbit.Tunneling.Cluster;

/// <summary>
/// Who owns which tunnel. The owner is the node whose session has the highest epoch; it serves visitors only while its ownership is
/// confirmed. With one node every tunnel is its own, and every call below returns at once.
/// </summary>
public interface ITunnelDirectory
{
    /// <summary>True when other nodes share the tunnels.</summary>
    bool IsShared { get; }

    /// <summary>This node, as others see it.</summary>
    ClusterNode Self { get; }

    /// <summary>The live nodes, this one included, as last seen; from memory.</summary>
    IReadOnlyCollection<ClusterNode> Nodes { get; }

    /// <summary>The live owners of tunnels, this node's included, as last seen; from memory.</summary>
    IReadOnlyCollection<TunnelRoute> Routes { get; }

    /// <summary>The owner of a token's tunnel as last seen, on a live node; or null. From memory, never waits.</summary>
    TunnelRoute? Find(string tokenId);

    /// <summary>
    /// Makes this node the owner for a client that has authenticated: raises the token's epoch in the database, takes the route over, and
    /// returns when no earlier owner serves any more: it has let go, its lease has run out, or its session was this client's own.
    /// </summary>
    /// <param name="token">The token as it was read for this login.</param>
    /// <param name="lastSessionId">The session that the client had before, or empty.</param>
    /// <param name="cancellationToken">The handshake's deadline.</param>
    /// <exception cref="StoreUnavailableException">The database, which decides, does not answer.</exception>
    ValueTask<Claim> ClaimAsync(TokenRecord token, Guid lastSessionId, CancellationToken cancellationToken);

    /// <summary>The session of a claim is there: tells the other nodes, and keeps the ownership until <see cref="Release"/>.</summary>
    void Publish(TunnelRoute route);

    /// <summary>This node's session of that epoch serves no more; returns at once.</summary>
    void Release(string tokenId, long epoch);

    /// <summary>
    /// True when this node's session of that epoch may serve a visitor now: no later one can have begun to. Completes at once while the
    /// last confirmation holds, and otherwise asks. False ends the session.
    /// </summary>
    ValueTask<bool> ConfirmAsync(string tokenId, long epoch);

    /// <summary>This node has changed: tells the others soon, and not only when its lease is renewed.</summary>
    void Announce();

    /// <summary>
    /// Tokens whose route may have changed, to be looked up by <see cref="Find"/>: another node has become the owner, or the owner is gone.
    /// Has one reader, never completes.
    /// </summary>
    ChannelReader<string> Changed { get; }
}
