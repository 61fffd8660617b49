namespace Rabbit.Tunneling.Restoration;

/// <summary>What restoration did for one port, and what has become of it since.</summary>
/// <param name="Port">The tunnel port.</param>
/// <param name="TeamId">Its team.</param>
/// <param name="TokenId">Its token's public id.</param>
/// <param name="SessionId">The session that was restored.</param>
/// <param name="RestoredAt">When the server took it up.</param>
/// <param name="IsListening">True while the port listens.</param>
/// <param name="BindError">Why it could not be bound last, or null.</param>
/// <param name="LastClientAddress">The client's address before the restart.</param>
/// <param name="ReconnectedAt">When the client came back, or null.</param>
/// <param name="ClientAddress">Its address then, or null.</param>
public sealed record RestoredTunnelInfo(
    int Port, string TeamId, string TokenId, Guid SessionId, DateTimeOffset RestoredAt, bool IsListening, string? BindError,
    string LastClientAddress, DateTimeOffset? ReconnectedAt, string? ClientAddress);
