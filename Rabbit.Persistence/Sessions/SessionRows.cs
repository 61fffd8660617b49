using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Model;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.Sessions;

/// <summary>What each change does to the rows. Nothing of a lower epoch touches a row of a higher one.</summary>
internal static class SessionRows
{
    private const string Superseded = "superseded";

    /// <summary>Applies changes, in order, within the caller's transaction; <paramref name="uptime"/> is the server's, in seconds.</summary>
    public static async Task ApplyAsync(RabbitDbContext context, IEnumerable<SessionChange> changes, double uptime, CancellationToken cancellationToken)
    {
        // After a restart logins come by the hundred: what follows from each is done for all that have nothing to do with each other.
        var logins = new List<SessionRecord>();
        foreach (SessionChange change in changes)
        {
            var opened = change as SessionChange.Opened;
            if (logins.Count > 0 && (opened is null || logins.Exists(login => login.TokenId == opened.Session.TokenId)))
            {
                await FollowUpAsync(context, logins, cancellationToken);
                logins.Clear();
            }
            if (opened is null)
            {
                await ApplyAsync(context, change, cancellationToken);
                continue;
            }
            await OpenAsync(context, opened.Session, uptime, cancellationToken);
            logins.Add(opened.Session);
        }
        if (logins.Count > 0)
            await FollowUpAsync(context, logins, cancellationToken);
    }

    private static Task<int> ApplyAsync(RabbitDbContext context, SessionChange change, CancellationToken cancellationToken) => change switch
    {
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
    }

    /// <summary>Ends what these sessions, each of another token, have superseded, and notes that their tokens were used.</summary>
    private static async Task FollowUpAsync(RabbitDbContext context, List<SessionRecord> sessions, CancellationToken cancellationToken)
    {
        string[] tokens = [.. sessions.Select(session => session.TokenId)];
        Guid[] ids = [.. sessions.Select(session => session.SessionId)];
        List<string> tokensOfOthers = await context.Sessions
            .Where(row => EF.Parameter(tokens).Contains(row.TokenId) && row.EndedAt == null && !EF.Parameter(ids).Contains(row.Id))
            .Select(row => row.TokenId).ToListAsync(cancellationToken);
        foreach (SessionRecord session in sessions.Where(session => tokensOfOthers.Contains(session.TokenId)))
        {
            await context.Sessions
                .Where(row => row.TokenId == session.TokenId && row.Id != session.SessionId && row.EndedAt == null && row.Epoch < session.Epoch)
                .ExecuteUpdateAsync(set => set
                    .SetProperty(row => row.Status, SessionStatus.Inactive)
                    .SetProperty(row => row.EndedAt, session.ConnectedAt)
                    .SetProperty(row => row.EndReason, Superseded), cancellationToken);
        }

        DateTimeOffset used = sessions.Max(session => session.ConnectedAt);
        await context.Tokens
            .Where(row => EF.Parameter(tokens).Contains(row.Id)
                && row.LastEpoch < context.Sessions.Where(session => session.TokenId == row.Id).Max(session => session.Epoch))
            .ExecuteUpdateAsync(set => set
                .SetProperty(row => row.LastEpoch, row => context.Sessions.Where(session => session.TokenId == row.Id).Max(session => session.Epoch))
                .SetProperty(row => row.LastUsedAt, used), cancellationToken);
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
