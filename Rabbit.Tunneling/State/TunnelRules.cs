using System.Net;

namespace Rabbit.Tunneling.State;

/// <summary>What a token's tunnel allows, as the token's team decided.</summary>
/// <param name="VisitorNetworks">Where visitors may come from; empty: from everywhere.</param>
/// <param name="ClientNetworks">Where clients may log in from; empty: from everywhere.</param>
/// <param name="MaxVisitors">Visitors at once; 0: no limit.</param>
/// <param name="MaxVisitorsPerAddress">Visitors at once from one address; 0: no limit.</param>
/// <param name="Hold">How long visitors wait for a client that is away before they are told so.</param>
public sealed record TunnelRules(
    IReadOnlyList<IPNetwork> VisitorNetworks, IReadOnlyList<IPNetwork> ClientNetworks, int MaxVisitors, int MaxVisitorsPerAddress, TimeSpan Hold)
{
    /// <summary>Everything is allowed, and nobody waits.</summary>
    public static TunnelRules None { get; } = new([], [], 0, 0, TimeSpan.Zero);

    /// <summary>True when visitors may come from this address.</summary>
    public bool AllowVisitor(IPAddress address) => IsIn(VisitorNetworks, address);

    /// <summary>True when a client may log in from this address.</summary>
    public bool AllowClient(IPAddress address) => IsIn(ClientNetworks, address);

    private static bool IsIn(IReadOnlyList<IPNetwork> networks, IPAddress address) => networks.Count == 0 || networks.Contain(address);
}
