using Rabbit.Tunneling.Sessions;

namespace Rabbit.Tunneling.Cluster;

/// <summary>Makes the sessions by which this node serves visitors of tunnels that other nodes own.</summary>
internal interface IRemoteSessions
{
    /// <summary>A session that reaches the owner; nothing is connected before a visitor comes.</summary>
    RemoteSession Create(Tunnel tunnel, TunnelRoute route);
}
