using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Model;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.Sessions;

/// <summary>What each change does to the rows. Nothing of a lower epoch touches a row of a higher one.</summary>
internal static class SessionRows
{
    private const string Superseded = "superseded";

    /// <summary>Applies one change within the caller's transaction; <paramref name="uptime"/> is the server's, in seconds.</summary>
    public static Task ApplyAsync(RabbitDbContext context, SessionChange change, double uptime, CancellationToken cancellationToken) => change switch
    {
        SessionChange.Opened opened => OpenAsync(context, opened.Session, uptime, cancellationToken),
        SessionChange.Lost lost => LoseAsync(context, lost, cancellationToken),
        SessionChange.Ended ended => EndAsync(context, ended, cancellationToken),
        _ => throw new InvalidOperationException($"Unknown change {change.GetType().Name}."),
    };

    private static async Task OpenAsync(RabbitDbContext context, SessionRecord session, double uptime, CancellationToken cancellationToken)
    {
        int reactivated = await context.Sessions.Where(row => row.Id == session.SessionId && row.Epoch < session.Epoch).ExecuteUpdateAsync(set => set
            .SetProperty(row => row.Status, SessionStatus.Active)
            .SetProperty(row => row.Epoch, session.Epoch)
            .SetProperty(row => row.Protocol, session.Protocol)
            .SetProperty(row => row.Node, session.Node)
            .SetProperty(row => row.ClientAddress, session.ClientAddress)
            .SetProperty(row => row.ClientName, session.ClientName)
            .SetProperty(row => row.ClientSoftware, session.ClientSoftware)
            .SetProperty(row => row.LocalPort, session.LocalPort)
            .SetProperty(row => row.ConnectedAt, session.ConnectedAt)
            .SetProperty(row => row.LastSeenAt, session.ConnectedAt)
            .SetProperty(row => row.SeenUptime, uptime)
            .SetProperty(row => row.EndedAt, (DateTimeOffset?)null)
            .SetProperty(row => row.EndReason, ""), cancellationToken);
        if (reactivated == 0 && !await context.Sessions.AnyAsync(row => row.Id == session.SessionId, cancellationToken))
        {
            // A login that is stored after the one that superseded it (another node was faster) is over already.
            bool superseded = await context.Sessions.AnyAsync(row => row.TokenId == session.TokenId && row.Epoch > session.Epoch, cancellationToken);
            context.Sessions.Add(new SessionRow
            {
                Id = session.SessionId,
                TokenId = session.TokenId,
                Port = session.Port,
                Epoch = session.Epoch,
                Protocol = session.Protocol,
                Status = superseded ? SessionStatus.Inactive : SessionStatus.Active,
                Node = session.Node,
                ClientAddress = session.ClientAddress,
                ClientName = session.ClientName,
                ClientSoftware = session.ClientSoftware,
                LocalPort = session.LocalPort,
                StartedAt = session.ConnectedAt,
                ConnectedAt = session.ConnectedAt,
                LastSeenAt = session.ConnectedAt,
                SeenUptime = uptime,
                EndedAt = superseded ? session.ConnectedAt : null,
                EndReason = superseded ? Superseded : "",
            });
            await context.SaveChangesAsync(cancellationToken);
            context.ChangeTracker.Clear();
        }

        await context.Sessions
            .Where(row => row.TokenId == session.TokenId && row.Id != session.SessionId && row.EndedAt == null && row.Epoch < session.Epoch)
            .ExecuteUpdateAsync(set => set
                .SetProperty(row => row.Status, SessionStatus.Inactive)
                .SetProperty(row => row.EndedAt, session.ConnectedAt)
                .SetProperty(row => row.EndReason, Superseded), cancellationToken);
        await context.Tokens.Where(row => row.Id == session.TokenId && row.LastEpoch < session.Epoch).ExecuteUpdateAsync(set => set
            .SetProperty(row => row.LastEpoch, session.Epoch)
            .SetProperty(row => row.LastUsedAt, session.ConnectedAt), cancellationToken);
    }

    private static Task<int> LoseAsync(RabbitDbContext context, SessionChange.Lost lost, CancellationToken cancellationToken) => context.Sessions
        .Where(row => row.Id == lost.SessionId && row.Epoch <= lost.Epoch && row.EndedAt == null)
        .ExecuteUpdateAsync(set => set
            .SetProperty(row => row.Status, SessionStatus.Inactive)
            .SetProperty(row => row.EndReason, lost.Reason), cancellationToken);

    private static Task<int> EndAsync(RabbitDbContext context, SessionChange.Ended ended, CancellationToken cancellationToken) => context.Sessions
        .Where(row => row.Id == ended.SessionId && row.Epoch <= ended.Epoch && row.EndedAt == null)
        .ExecuteUpdateAsync(set => set
            .SetProperty(row => row.Status, SessionStatus.Inactive)
            .SetProperty(row => row.EndedAt, ended.At)
            .SetProperty(row => row.EndReason, ended.Reason), cancellationToken);
}
