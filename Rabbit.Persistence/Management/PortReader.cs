using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Database;
using Rabbit.Persistence.Model;

namespace Rabbit.Persistence.Management;

/// <summary>A tunnel port that is taken.</summary>
/// <param name="Port">Its number.</param>
/// <param name="Protocol">Always tcp.</param>
/// <param name="TokenId">Its token, or null while it rests.</param>
/// <param name="TeamId">Its token's team, or null while it rests.</param>
/// <param name="AssignedAt">When its token got it.</param>
/// <param name="ReleasedAt">When its token was deleted, or null.</param>
/// <param name="RestsUntil">When another token may get it, or null.</param>
public sealed record AssignedPort(
    int Port, string Protocol, string? TokenId, string? TeamId, DateTimeOffset AssignedAt, DateTimeOffset? ReleasedAt, DateTimeOffset? RestsUntil);

/// <summary>Reads which tunnel ports are taken. A scope is the only team whose ports the caller may see, or null for all.</summary>
public sealed class PortReader
{
    private const char ListName = 'p';

    private readonly RabbitDatabase _database;

    internal PortReader(RabbitDatabase database) => _database = database;

    /// <summary>The ports that tokens have and those that rest, by number.</summary>
    public async Task<ManagementResult<Page<AssignedPort>>> ListAsync(string? scope, string? cursor, int limit, CancellationToken cancellationToken)
    {
        if (ListCursor.Check(ListName, cursor, limit, out ListCursor? after) is { } problem)
            return ManagementResult<Page<AssignedPort>>.Fail(ManagementError.Invalid, problem);
        long behind = after?.Position ?? 0;
        List<PortAssignmentRow> found = await _database.RunAsync(context =>
            InScope(context, scope).Where(row => row.Port > behind).OrderBy(row => row.Port).Take(limit + 1).ToListAsync(cancellationToken));
        return ManagementResult<Page<AssignedPort>>.Ok(
            ListCursor.ToPage(found, limit, ToPort, port => new ListCursor(ListName, port.Port, "")));
    }

    /// <summary>A port that is taken, or null.</summary>
    public async Task<AssignedPort?> FindAsync(string? scope, int port, CancellationToken cancellationToken) => await _database.RunAsync(
        context => InScope(context, scope).SingleOrDefaultAsync(row => row.Port == port, cancellationToken)) is { } row ? ToPort(row) : null;

    private static IQueryable<PortAssignmentRow> InScope(RabbitDbContext context, string? scope) => context.PortAssignments.AsNoTracking().Include(row => row.Token)
        .Where(row => row.Protocol == PortAssignmentRow.Tcp && (scope == null || row.Token!.TeamId == scope));

    private static AssignedPort ToPort(PortAssignmentRow row) => new(
        row.Port, row.Protocol, row.TokenId, row.Token?.TeamId, row.AssignedAt, row.ReleasedAt, row.ReleasedAt + PortAllocator.Rest);
}
