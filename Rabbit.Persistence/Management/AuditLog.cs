using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Database;
using Rabbit.Persistence.Model;

namespace Rabbit.Persistence.Management;

/// <summary>A change, as it was written down.</summary>
/// <param name="Id">Its id.</param>
/// <param name="At">When.</param>
/// <param name="Actor">Who.</param>
/// <param name="Action">What was done, such as <c>token.create</c>.</param>
/// <param name="Subject">The id of what it was done to.</param>
/// <param name="Details">What was changed, never a secret.</param>
/// <param name="Address">Where the request came from, or empty.</param>
public sealed record AuditEntry(Guid Id, DateTimeOffset At, string Actor, string Action, string Subject, string Details, string Address);

/// <summary>Which changes are asked for; what is null does not matter, and the rest must all hold.</summary>
public sealed record AuditFilter(
    string? Actor = null, string? Action = null, string? Subject = null, DateTimeOffset? From = null, DateTimeOffset? To = null);

/// <summary>Who changed what, when, and from where. A change in the database is written down in its own transaction.</summary>
public sealed class AuditLog
{
    private const char ListName = 'a';

    private readonly RabbitDatabase _database;
    private readonly TimeProvider _time;

    internal AuditLog(RabbitDatabase database, TimeProvider time)
    {
        _database = database;
        _time = time;
    }

    /// <summary>Writes down an act that changes nothing in the database by itself.</summary>
    public Task WriteAsync(Actor actor, string action, string subject, string details, CancellationToken cancellationToken) =>
        _database.WriteAsync(async context =>
        {
            context.AuditLog.Add(Row(actor, action, subject, details, _time.GetStoredNow()));
            await context.SaveChangesAsync(cancellationToken);
        }, cancellationToken);

    /// <summary>The changes, newest first.</summary>
    public async Task<ManagementResult<Page<AuditEntry>>> ListAsync(AuditFilter filter, string? cursor, int limit, CancellationToken cancellationToken)
    {
        if (ListCursor.Check(ListName, cursor, limit, out ListCursor? after) is { } problem)
            return ManagementResult<Page<AuditEntry>>.Fail(ManagementError.Invalid, problem);
        if (!NameRules.IsStorable(filter.Actor) || !NameRules.IsStorable(filter.Action) || !NameRules.IsStorable(filter.Subject))
            return ManagementResult<Page<AuditEntry>>.Ok(new Page<AuditEntry>([], null));
        List<AuditLogRow> found = await _database.RunAsync(context =>
        {
            IQueryable<AuditLogRow> rows = context.AuditLog.AsNoTracking();
            if (filter.Actor is { } actor)
                rows = rows.Where(row => row.Actor == actor);
            if (filter.Action is { } action)
                rows = rows.Where(row => row.Action == action);
            if (filter.Subject is { } subject)
                rows = rows.Where(row => row.Subject == subject);
            if (filter.From?.ToUniversalTime() is { } from)
                rows = rows.Where(row => row.At >= from);
            if (filter.To?.ToUniversalTime() is { } to)
                rows = rows.Where(row => row.At < to);
            if (after is { At: var at } && Guid.TryParse(after.Id, out Guid id))
                rows = rows.Where(row => row.At <= at && (row.At < at || row.Id.CompareTo(id) < 0));
            return rows.OrderByDescending(row => row.At).ThenByDescending(row => row.Id).Take(limit + 1).ToListAsync(cancellationToken);
        });
        return ManagementResult<Page<AuditEntry>>.Ok(ListCursor.ToPage(
            found, limit,
            row => new AuditEntry(row.Id, row.At, row.Actor, row.Action, row.Subject, row.Details, row.Address),
            row => ListCursor.Of(ListName, row.At, row.Id.ToString())));
    }

    /// <summary>The row that tells of a change, to be stored together with it.</summary>
    internal static AuditLogRow Row(Actor actor, string action, string subject, string details, DateTimeOffset now) => new()
    {
        Id = Guid.CreateVersion7(now),
        At = now,
        Actor = actor.Name,
        Action = action,
        Subject = subject,
        Details = details,
        Address = actor.Address,
    };
}
