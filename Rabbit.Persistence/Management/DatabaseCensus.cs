using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Database;
using Rabbit.Persistence.Model;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.Management;

/// <summary>What a database holds.</summary>
/// <param name="Teams">Teams.</param>
/// <param name="Tokens">Tokens, expired ones too.</param>
/// <param name="PortRange">The ports that may be assigned; null when none are.</param>
/// <param name="PortsAssigned">Ports of tokens.</param>
/// <param name="PortsResting">Ports of deleted tokens that nobody gets yet.</param>
/// <param name="SessionsConnected">Sessions whose client is connected.</param>
/// <param name="SessionsAway">Sessions whose client is expected back.</param>
/// <param name="LogRows">Rows of the connection log.</param>
/// <param name="LogRowsEstimated">Whether that number is the database's estimate.</param>
/// <param name="SizeBytes">Bytes on disk.</param>
public sealed record DatabaseCounts(
    int Teams, int Tokens, PortRange? PortRange, int PortsAssigned, int PortsResting, int SessionsConnected, int SessionsAway, long LogRows,
    bool LogRowsEstimated, long SizeBytes);

/// <summary>Counts what the database holds, cheaply however much it is.</summary>
public sealed class DatabaseCensus
{
    // The connection log is counted up to here, which takes milliseconds.
    private const int CountedRows = 100_000;

    private readonly RabbitDatabase _database;
    private readonly ServerSettings _settings;

    internal DatabaseCensus(RabbitDatabase database, ServerSettings settings)
    {
        _database = database;
        _settings = settings;
    }

    /// <summary>The counts now.</summary>
    /// <exception cref="StoreUnavailableException">The database does not answer.</exception>
    public Task<DatabaseCounts> ReadAsync(CancellationToken cancellationToken) => _database.RunAsync(async context =>
    {
        long rows = await context.ConnectionLogs.Take(CountedRows + 1).CountAsync(cancellationToken);
        bool many = rows > CountedRows;
        return new DatabaseCounts(
            await context.Teams.CountAsync(cancellationToken),
            await context.Tokens.CountAsync(cancellationToken),
            await _settings.ReadPortRangeAsync(context, cancellationToken),
            await context.PortAssignments.CountAsync(row => row.TokenId != null, cancellationToken),
            await context.PortAssignments.CountAsync(row => row.TokenId == null, cancellationToken),
            await context.Sessions.CountAsync(row => row.EndedAt == null && row.Status == SessionStatus.Active, cancellationToken),
            await context.Sessions.CountAsync(row => row.EndedAt == null && row.Status != SessionStatus.Active, cancellationToken),
            many ? Math.Max(rows, await EstimateLogRowsAsync(context, cancellationToken)) : rows,
            many,
            await ReadSizeAsync(context, cancellationToken));
    });

    /// <summary>How many tokens have a port outside a range.</summary>
    /// <exception cref="StoreUnavailableException">The database does not answer.</exception>
    public Task<int> CountOutsideAsync(PortRange range, CancellationToken cancellationToken) => _database.RunAsync(
        context => context.PortAssignments.CountAsync(
            row => row.TokenId != null && (row.Port < range.First || row.Port > range.Last), cancellationToken));

    // PostgreSQL's is of its last ANALYZE or vacuum. SQLite numbers rows as they come, and the oldest go first.
    private Task<long> EstimateLogRowsAsync(RabbitDbContext context, CancellationToken cancellationToken) =>
        (_database.Connection.IsPostgres
            ? context.Database.SqlQuery<long>(
                $"""
                SELECT coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint AS "Value"
                FROM pg_partition_tree('connection_logs') t JOIN pg_class c ON c.oid = t.relid WHERE t.isleaf
                """)
            : context.Database.SqlQuery<long>(
                $"""SELECT (SELECT max(rowid) FROM connection_logs) - (SELECT min(rowid) FROM connection_logs) + 1 AS "Value" """))
        .SingleAsync(cancellationToken);

    private async Task<long> ReadSizeAsync(RabbitDbContext context, CancellationToken cancellationToken)
    {
        if (_database.Connection.IsPostgres)
            return await context.Database.SqlQuery<long>($"""SELECT pg_database_size(current_database()) AS "Value" """).SingleAsync(cancellationToken);
        var file = new FileInfo(_database.Connection.Name);
        var log = new FileInfo(_database.Connection.Name + "-wal");
        return file.Length + (log.Exists ? log.Length : 0);
    }
}
