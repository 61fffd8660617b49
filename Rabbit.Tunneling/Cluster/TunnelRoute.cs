namespace Rabbit.Tunneling.Cluster;

/// <summary>Which session of a token serves visitors, and on which node.</summary>
/// <param name="TokenId">The token.</param>
/// <param name="Port">Its tunnel port.</param>
/// <param name="Epoch">The session's epoch: of two routes of a token the higher one holds.</param>
/// <param name="SessionId">The session; a client that comes back names it.</param>
/// <param name="Node">Name of the node that holds its control channel.</param>
/// <param name="Run">The run of that node's process: a node that was started again owns nothing of before.</param>
/// <param name="TakesChannelsElsewhere">True when its client dials data channels to other nodes where it is asked to.</param>
public sealed record TunnelRoute(string TokenId, int Port, long Epoch, Guid SessionId, string Node, Guid Run, bool TakesChannelsElsewhere);
