using Rabbit.Host.Api.Access;
using Rabbit.Persistence.Management;
using Rabbit.Tunneling.Sessions;

namespace Rabbit.Host.Operations;

/// <summary>What is done to sessions, whoever asks for it.</summary>
internal sealed class SessionOperations(TunnelRegistry tunnels, AuditLog audit)
{
    /// <summary>Characters of a reason at most.</summary>
    public const int LongestReason = 200;

    /// <summary>The tunnel with this session on this server, if the caller may see it.</summary>
    public TunnelSnapshot? Find(Caller caller, Guid sessionId) =>
        tunnels.FindBySession(sessionId) is { } tunnel && (caller.Scope is null || tunnel.TeamId == caller.Scope) ? tunnel : null;

    /// <summary>Ends a session; its client is told why. False when this server has none of this id that the caller sees.</summary>
    public async Task<bool> CloseAsync(Caller caller, Guid sessionId, string reason, CancellationToken cancellationToken)
    {
        if (Find(caller, sessionId) is not { } tunnel)
            return false;
        // What a session is, the tunnel decides and not the database: so this is written down first.
        await audit.WriteAsync(caller.Actor, "session.close", sessionId.ToString(), $"port={tunnel.Port} reason={reason}", cancellationToken);
        return await tunnels.CloseSessionAsync(sessionId, reason);
    }
}
