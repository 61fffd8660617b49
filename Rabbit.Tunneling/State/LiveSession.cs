namespace Rabbit.Tunneling.State;

/// <summary>What other programs may see of a connected session, kept in Redis as JSON (or in process) with an expiry.</summary>
public sealed record LiveSession(
    Guid SessionId, string TokenId, string TeamId, int Port, long Epoch, string ClientAddress, string ClientName,
    string Node, DateTimeOffset ConnectedAt, DateTimeOffset LastSeenAt);
