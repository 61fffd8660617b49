using Rabbit.Tunneling.Cluster;

namespace Rabbit.Host.Api.Cluster;

/// <summary>Which node owns a tunnel: its client is connected there.</summary>
/// <param name="Port">The tunnel port.</param>
/// <param name="TokenId">Its token.</param>
/// <param name="Node">Name of the node.</param>
/// <param name="Epoch">Grows with every login of the token, on whichever node.</param>
/// <param name="SessionId">The session.</param>
/// <param name="Direct">True when its client opens data channels to other nodes too.</param>
internal sealed record RouteSummary(int Port, string TokenId, string Node, long Epoch, Guid SessionId, bool Direct)
{
    public static RouteSummary Of(TunnelRoute route) => new(route.Port, route.TokenId, route.Node, route.Epoch, route.SessionId, route.TakesChannelsElsewhere);
}
