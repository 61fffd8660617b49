namespace Rabbit.Persistence.Cluster;

/// <summary>What Redis is to be told of a route that this node has let go of.</summary>
/// <param name="TokenId">The token.</param>
/// <param name="Epoch">Its epoch.</param>
/// <param name="Lease">What stands in Redis under the route's key, if no other node has it.</param>
/// <param name="IsOver">
/// True when nobody of that epoch or an earlier one serves any more. A claim that was given up while it waited does not know of whom it waited for.
/// </param>
internal readonly record struct ReleasedRoute(string TokenId, long Epoch, string Lease, bool IsOver);
