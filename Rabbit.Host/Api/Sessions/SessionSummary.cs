using Rabbit.Persistence.Management;
using Rabbit.Tunneling.State;

namespace Rabbit.Host.Api.Sessions;

/// <summary>A session as stored.</summary>
/// <param name="SessionId">Its id.</param>
/// <param name="TokenId">The token that its client logged in with.</param>
/// <param name="Port">Its tunnel port.</param>
/// <param name="Epoch">Grows with every login of the token.</param>
/// <param name="Protocol">What its client speaks.</param>
/// <param name="Status">Active while its client is connected.</param>
/// <param name="Node">The server that holds it, or held it.</param>
/// <param name="ClientAddress">Where the client is, or was.</param>
/// <param name="ClientName">The name of its machine.</param>
/// <param name="ClientSoftware">Its program and version.</param>
/// <param name="LocalPort">The port of its local service.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="ConnectedAt">When its client last logged in.</param>
/// <param name="LastSeenAt">When its client was last heard of.</param>
/// <param name="EndedAt">When it ended; null as long as it can be restored.</param>
/// <param name="EndReason">Why it ended, or why its client is away.</param>
internal sealed record SessionSummary(
    Guid SessionId, string TokenId, int Port, long Epoch, SessionProtocol Protocol, StoredSessionStatus Status, string Node, string ClientAddress,
    string ClientName, string ClientSoftware, int LocalPort, DateTimeOffset StartedAt, DateTimeOffset ConnectedAt, DateTimeOffset LastSeenAt,
    DateTimeOffset? EndedAt, string EndReason)
{
    public static SessionSummary Of(StoredSession session) => new(
        session.SessionId, session.TokenId, session.Port, session.Epoch, session.Protocol,
        session.IsActive ? StoredSessionStatus.Active : StoredSessionStatus.Inactive, session.Node, session.ClientAddress, session.ClientName,
        session.ClientSoftware, session.LocalPort, session.StartedAt, session.ConnectedAt, session.LastSeenAt, session.EndedAt, session.EndReason);
}

/// <summary>Whether a session's client is connected.</summary>
internal enum StoredSessionStatus
{
    /// <summary>It is.</summary>
    Active,

    /// <summary>It is away, or the session has ended.</summary>
    Inactive,
}
