namespace Rabbit.Tunneling.State;

/// <summary>
/// One client session as stored. A session survives reconnections: its row goes inactive when the client is lost and
/// back to active, with a higher epoch, when it returns, until it ends.
/// </summary>
/// <param name="SessionId">Primary key.</param>
/// <param name="TokenId">The token that authenticated it.</param>
/// <param name="Port">Its tunnel port.</param>
/// <param name="Epoch">Grows with every login of the token; a write with a lower epoch than the row's has no effect.</param>
/// <param name="Protocol">Native or legacy.</param>
/// <param name="ClientAddress">Address and port of the control channel's peer.</param>
/// <param name="ClientName">Host name that the client gave, escaped and capped.</param>
/// <param name="ClientSoftware">Program and version that the client gave, escaped and capped.</param>
/// <param name="LocalPort">The client's local port, for display.</param>
/// <param name="Node">The server that holds it.</param>
/// <param name="ConnectedAt">When the client logged in (this epoch).</param>
public sealed record SessionRecord(
    Guid SessionId, string TokenId, int Port, long Epoch, SessionProtocol Protocol, string ClientAddress,
    string ClientName, string ClientSoftware, int LocalPort, string Node, DateTimeOffset ConnectedAt);
