using System.Data;
using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Database;
using Rabbit.Persistence.Management;
using Rabbit.Persistence.Model;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.ConnectionLogs.Reading;

/// <summary>
/// Reads the connection log page by page. Each filter has an index that holds its rows in the order of the pages; of several
/// filters the one with the fewest rows leads, and at most <see cref="MostExamined"/> of its rows are looked at for a page, so
/// that a page costs the same however long the log is and however little of it is asked for (docs/connection-log.md, "Queries").
/// </summary>
public sealed class ConnectionLogReader
{
    /// <summary>The longest page.</summary>
    public const int LongestPage = 1000;

    internal const int MostExamined = 5_000;

    private readonly RabbitDatabase _database;

    private readonly int _mostExamined;

    internal ConnectionLogReader(RabbitDatabase database, int mostExamined = MostExamined) => (_database, _mostExamined) = (database, mostExamined);

    /// <summary>Reads a page.</summary>
    /// <param name="filter">Which rows.</param>
    /// <param name="cursor">From the page before, or null for the first.</param>
    /// <param name="limit">The most rows of the page, 1 to <see cref="LongestPage"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<ManagementResult<ConnectionLogPage>> ReadAsync(
        ConnectionLogFilter filter, string? cursor, int limit, CancellationToken cancellationToken)
    {
        if (limit is < 1 or > LongestPage)
            return Fail($"limit must be 1 to {LongestPage}.");
        if (filter.Port is < 1 or > 65535)
            return Fail("port must be 1 to 65535.");
        if (!IsId(filter.TeamId) || !IsId(filter.TokenId))
            return Fail("team_id and token_id hold letters, digits and hyphens only; list the teams to find the right ones.");
        ConnectionLogPosition? position = null;
        if (cursor is not null && (position = ConnectionLogPosition.Parse(cursor)) is null)
            return Fail("The cursor is none of this route's; send what the page before gave as next, or none for the first page.");
        var stretch = ConnectionLogStretch.Of(filter, position);
        return ManagementResult<ConnectionLogPage>.Ok(
            await _database.RunAsync(context => ReadAsync(context, [.. Conditions(filter)], stretch, limit, cancellationToken)));
    }

    private async Task<ConnectionLogPage> ReadAsync(
        RabbitDbContext context, ConnectionLogCondition[] conditions, ConnectionLogStretch stretch, int limit, CancellationToken cancellationToken)
    {
        if (conditions.Length <= 1)
        {
            IQueryable<ConnectionLogRow> rows = conditions.Length == 0 ? stretch.NewestFirst(context) : conditions[0].NewestFirst(context, stretch);
            return ToPage(await rows.Take(limit + 1).ToListAsync(cancellationToken), limit, end: null);
        }

        // Both queries see the same rows: else one that comes between would push another over the end, where no page has it.
        // On SQLite this is the level of a transaction that does not begin with the lock of writers.
        await using var snapshot = await context.Database.BeginTransactionAsync(
            context.Database.IsNpgsql() ? IsolationLevel.RepeatableRead : IsolationLevel.ReadUncommitted, cancellationToken);
        var (leading, end) = await ChooseAsync(context, conditions, stretch, cancellationToken);
        IQueryable<ConnectionLogRow> found = conditions.Where(condition => condition != leading).Aggregate(
            leading.NewestFirst(context, stretch).Take(_mostExamined), (examined, condition) => examined.Where(condition.Holds));
        return ToPage(await found.Take(limit + 1).ToListAsync(cancellationToken), limit, end);
    }

    // The condition whose rows reach back furthest has the fewest. The end is the last row that is examined, null when all are.
    private async Task<(ConnectionLogCondition Leading, ConnectionLogPosition? End)> ChooseAsync(
        RabbitDbContext context, ConnectionLogCondition[] conditions, ConnectionLogStretch stretch, CancellationToken cancellationToken)
    {
        ConnectionLogCondition leading = conditions[0];
        ConnectionLogPosition? end = null;
        foreach (ConnectionLogCondition condition in conditions)
        {
            ConnectionLogPosition? last = await condition.NewestFirst(context, stretch).Skip(_mostExamined - 1)
                .Select(row => new ConnectionLogPosition(row.StartedAt, row.Id)).FirstOrDefaultAsync(cancellationToken);
            if (last is null)
                return (condition, null);
            if (end is null || last.StartedAt < end.StartedAt)
                (leading, end) = (condition, last);
        }
        return (leading, end);
    }

    private static IEnumerable<ConnectionLogCondition> Conditions(ConnectionLogFilter filter)
    {
        if (filter.TokenId is { } token)
            yield return new ConnectionLogCondition(nameof(ConnectionLogRow.TokenId), token, row => row.TokenId == token);
        if (filter.Port is { } port)
            yield return new ConnectionLogCondition(nameof(ConnectionLogRow.Port), port, row => row.Port == port);
        if (filter.VisitorAddress?.ToString() is { } address)
            yield return new ConnectionLogCondition(nameof(ConnectionLogRow.VisitorAddress), address, row => row.VisitorAddress == address);
        if (filter.Status is { } status)
            yield return new ConnectionLogCondition(nameof(ConnectionLogRow.Status), LowerCaseEnum<ConnectionStatus>.ToText(status), row => row.Status == status);
        if (filter.TeamId is { } team)
            yield return new ConnectionLogCondition(nameof(ConnectionLogRow.TeamId), team, row => row.TeamId == team);
    }

    private static ConnectionLogPage ToPage(List<ConnectionLogRow> found, int limit, ConnectionLogPosition? end)
    {
        if (found.Count > limit)
            end = new ConnectionLogPosition(found[limit - 1].StartedAt, found[limit - 1].Id);
        return new ConnectionLogPage([.. found.Take(limit).Select(ToEntry)], end?.ToCursor());
    }

    private static ConnectionLogEntry ToEntry(ConnectionLogRow row) => new(
        row.Id, row.TeamId, row.TokenId, row.SessionId, row.Port, row.VisitorAddress, row.VisitorPort, row.StartedAt,
        TimeSpan.FromMilliseconds(row.DurationMs), row.BytesFromVisitor, row.BytesToVisitor, row.Status, row.Reason);

    private static bool IsId(string? id) => id is null || id.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');

    private static ManagementResult<ConnectionLogPage> Fail(string sentence) =>
        ManagementResult<ConnectionLogPage>.Fail(ManagementError.Invalid, sentence);
}
