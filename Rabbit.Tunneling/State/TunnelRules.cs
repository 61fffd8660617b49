using System.Net;

namespace Rabbit.Tunneling.State;

/// <summary>What a token's tunnel allows, as the token's team decided.</summary>
/// <param name="VisitorNetworks">Where visitors may come from.</param>
/// <param name="ClientNetworks">Where clients may log in from.</param>
/// <param name="MaxVisitors">Visitors at once; 0: no limit.</param>
/// <param name="MaxVisitorsPerAddress">Visitors at once from one address; 0: no limit.</param>
/// <param name="Hold">How long visitors wait for a client that is away before they are told so.</param>
public sealed record TunnelRules(
    NetworkRules VisitorNetworks, NetworkRules ClientNetworks, int MaxVisitors, int MaxVisitorsPerAddress, TimeSpan Hold)
{
    /// <summary>Everything is allowed, and nobody waits.</summary>
    public static TunnelRules None { get; } = new(NetworkRules.Everywhere, NetworkRules.Everywhere, 0, 0, TimeSpan.Zero);

    /// <summary>True when visitors may come from this address.</summary>
    public bool AllowVisitor(IPAddress address) => VisitorNetworks.Allow(address);

    /// <summary>True when a client may log in from this address.</summary>
    public bool AllowClient(IPAddress address) => ClientNetworks.Allow(address);
}
