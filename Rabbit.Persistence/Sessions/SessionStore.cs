using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Rabbit.Persistence.Database;
using Rabbit.Persistence.Management;
using Rabbit.Persistence.Model;
using Rabbit.Tunneling;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.Sessions;

/// <summary>Sessions in the database. Changes go through <see cref="SessionWriter"/>, in order.</summary>
internal sealed class SessionStore(RabbitDatabase database, SessionWriter writer, IOptions<TunnelingOptions> options, TimeProvider time) : ISessionStore
{
    /// <inheritdoc/>
    public Task SaveAsync(SessionChange change) => writer.SaveAsync(change);

    /// <inheritdoc/>
    public Task HeartbeatAsync(IReadOnlyCollection<Guid> liveSessions, TimeSpan sinceLast, CancellationToken cancellationToken) =>
        database.WriteAsync(async context =>
        {
            DateTimeOffset now = time.GetUtcNow();
            Guid[] live = [.. liveSessions];
            await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
            double uptime = await ServerSettings.GetUptimeAsync(context, cancellationToken) + sinceLast.TotalSeconds;
            // Who adds nothing must not write down what another node has added to meanwhile.
            if (sinceLast > TimeSpan.Zero)
                await ServerSettings.SetAsync(context, ServerSettings.UptimeSeconds, ServerSettings.Text(uptime), cancellationToken);
            await context.Sessions.Where(row => EF.Parameter(live).Contains(row.Id) && row.EndedAt == null).ExecuteUpdateAsync(
                set => set.SetProperty(row => row.LastSeenAt, now).SetProperty(row => row.SeenUptime, uptime), cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<Guid>> EndStaleSessionsAsync(TimeSpan staleAfter, CancellationToken cancellationToken) =>
        database.WriteAsync<IReadOnlyList<Guid>>(async context =>
        {
            double limit = await ServerSettings.GetUptimeAsync(context, cancellationToken) - staleAfter.TotalSeconds;
            DateTimeOffset now = time.GetUtcNow();
            IQueryable<SessionRow> unseen = context.Sessions.Where(row => row.EndedAt == null && row.SeenUptime < limit);
            Guid[] candidates = await unseen.Select(row => row.Id).ToArrayAsync(cancellationToken);
            if (candidates.Length == 0)
                return [];
            // Not those whose client has come back since the look.
            await EndAsync(unseen.Where(row => EF.Parameter(candidates).Contains(row.Id)), EndedSession.Stale, now, cancellationToken);
            return await context.Sessions.Where(row => EF.Parameter(candidates).Contains(row.Id) && row.EndedAt != null && row.EndReason == EndedSession.Stale)
                .Select(row => row.Id).ToListAsync(cancellationToken);
        }, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<EndedSession>> FindEndedAsync(IReadOnlyCollection<Guid> sessions, CancellationToken cancellationToken)
    {
        Guid[] ids = [.. sessions];
        return database.RunAsync<IReadOnlyList<EndedSession>>(async context => await context.Sessions
            .Where(row => EF.Parameter(ids).Contains(row.Id) && row.EndedAt != null)
            .Select(row => new EndedSession(row.Id, row.Epoch, row.EndReason)).ToListAsync(cancellationToken));
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<RestorableSession>> TakeRestorableSessionsAsync(CancellationToken cancellationToken) =>
        database.WriteAsync<IReadOnlyList<RestorableSession>>(async context =>
        {
            DateTimeOffset now = time.GetUtcNow();
            await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
            await EndAsync(
                context.Sessions.Where(row => row.EndedAt == null && (row.Token!.RevokedAt != null || row.Token.ExpiresAt <= now)),
                "token no longer valid", now, cancellationToken);
            IReadOnlyList<RestorableSession> restorable = await ReadRestorableAsync(context.Sessions, cancellationToken);
            IQueryable<SessionRow> active = context.Sessions.Where(row => row.EndedAt == null && row.Status == SessionStatus.Active);
            if (options.Value.IsClustered)
                active = active.Where(row => row.Node == options.Value.Node);
            await active.ExecuteUpdateAsync(set => set.SetProperty(row => row.Status, SessionStatus.Inactive), cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            return restorable;
        }, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<RestorableSession>> FindRestorableSessionsAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        return database.RunAsync(context => ReadRestorableAsync(
            context.Sessions.Where(row => row.Token!.RevokedAt == null && (row.Token.ExpiresAt == null || row.Token.ExpiresAt > now)), cancellationToken));
    }

    private static async Task<IReadOnlyList<RestorableSession>> ReadRestorableAsync(IQueryable<SessionRow> sessions, CancellationToken cancellationToken)
    {
        List<SessionRow> rows = await sessions.AsNoTracking()
            .Include(row => row.Token!.Team).Include(row => row.Token!.PortAssignment)
            .Where(row => row.EndedAt == null && row.Token!.PortAssignment != null)
            .ToListAsync(cancellationToken);
        return [.. rows.Select(row => new RestorableSession(ToRecord(row), TokenStore.ToRecord(row.Token!), row.Status == SessionStatus.Active))];
    }

    private static Task<int> EndAsync(IQueryable<SessionRow> sessions, string reason, DateTimeOffset at, CancellationToken cancellationToken) =>
        sessions.ExecuteUpdateAsync(
            set => set.SetProperty(row => row.Status, SessionStatus.Inactive).SetProperty(row => row.EndedAt, at).SetProperty(row => row.EndReason, reason),
            cancellationToken);

    private static SessionRecord ToRecord(SessionRow row) => new(
        row.Id, row.TokenId, row.Port, row.Epoch, row.Protocol, row.ClientAddress, row.ClientName, row.ClientSoftware,
        row.LocalPort, row.Node, row.ConnectedAt);
}
