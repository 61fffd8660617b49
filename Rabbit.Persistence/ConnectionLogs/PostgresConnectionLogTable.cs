using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;
using Rabbit.Persistence.Database;
using Rabbit.Persistence.Model;
using Rabbit.Persistence.Statistics;
using Rabbit.Persistence.Telemetry;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.ConnectionLogs;

/// <summary>
/// Writes a batch by COPY into a temporary table and from there, by one statement, into the log: COPY itself cannot replace rows.
/// The temporary table is a connection's own, so this class keeps one; one caller at a time.
/// </summary>
internal sealed class PostgresConnectionLogTable(
    RabbitDatabase database, IOptions<PersistenceOptions> options, PersistenceMetrics metrics, TimeProvider time) : IConnectionLogTable, IAsyncDisposable
{
    private const string Prepare = "CREATE TEMPORARY TABLE connection_log_batch (LIKE connection_logs) ON COMMIT DELETE ROWS";

    private const string Copy = $"COPY connection_log_batch ({ConnectionLogColumns.All}) FROM STDIN (FORMAT BINARY)";

    private const string Insert =
        $"""
        INSERT INTO connection_logs ({ConnectionLogColumns.All})
        SELECT {ConnectionLogColumns.All} FROM connection_log_batch {ConnectionLogColumns.OnConflict}
        """;

    private NpgsqlConnection? _connection;

    /// <inheritdoc/>
    public async Task ReplaceAsync(IReadOnlyCollection<ConnectionLogEntry> entries, CancellationToken cancellationToken)
    {
        try
        {
            await database.WriteDirectlyAsync(
                () => metrics.TimeAsync(PersistenceMetrics.Postgres, time, () => ReplaceOnceAsync(entries, cancellationToken)), cancellationToken);
        }
        catch
        {
            // The next attempt is on a connection of which nothing is unknown.
            await DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_connection is { } connection)
            await connection.DisposeAsync();
        _connection = null;
    }

    private async Task ReplaceOnceAsync(IReadOnlyCollection<ConnectionLogEntry> entries, CancellationToken cancellationToken)
    {
        NpgsqlConnection connection = _connection ??= await ConnectAsync(cancellationToken);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (NpgsqlBinaryImporter rows = await connection.BeginBinaryImportAsync(Copy, cancellationToken))
        {
            foreach (ConnectionLogEntry entry in entries)
                await WriteRowAsync(rows, entry, cancellationToken);
            await rows.CompleteAsync(cancellationToken);
        }
        await using (var insert = new NpgsqlCommand(Insert, connection, transaction))
            await insert.ExecuteNonQueryAsync(cancellationToken);
        if (DueHours.Of(entries) is { Length: > 0 } hours)
        {
            await using var mark = new NpgsqlCommand(DueHours.MarkPostgres, connection, transaction) { Parameters = { new("hours", hours) } };
            await mark.ExecuteNonQueryAsync(cancellationToken);
        }
        await transaction.CommitAsync(cancellationToken);
    }

    private async Task<NpgsqlConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        var settings = new NpgsqlConnectionStringBuilder(database.Connection.ConnectionString) { Pooling = false };
        var connection = new NpgsqlConnection(settings.ConnectionString);
        try
        {
            await connection.OpenAsync(cancellationToken);
            await using var prepare = new NpgsqlCommand(Prepare, connection);
            await prepare.ExecuteNonQueryAsync(cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    // In the order of the columns.
    private async Task WriteRowAsync(NpgsqlBinaryImporter rows, ConnectionLogEntry entry, CancellationToken cancellationToken)
    {
        await rows.StartRowAsync(cancellationToken);
        await rows.WriteAsync(entry.Id, NpgsqlDbType.Uuid, cancellationToken);
        await rows.WriteAsync(entry.TeamId, NpgsqlDbType.Text, cancellationToken);
        await rows.WriteAsync(entry.TokenId, NpgsqlDbType.Text, cancellationToken);
        if (entry.SessionId is { } session)
            await rows.WriteAsync(session, NpgsqlDbType.Uuid, cancellationToken);
        else
            await rows.WriteNullAsync(cancellationToken);
        await rows.WriteAsync(entry.Port, NpgsqlDbType.Integer, cancellationToken);
        await rows.WriteAsync(entry.VisitorAddress, NpgsqlDbType.Text, cancellationToken);
        await rows.WriteAsync(entry.VisitorPort, NpgsqlDbType.Integer, cancellationToken);
        await rows.WriteAsync(entry.StartedAt, NpgsqlDbType.TimestampTz, cancellationToken);
        await rows.WriteAsync((long)entry.Duration.TotalMilliseconds, NpgsqlDbType.Bigint, cancellationToken);
        await rows.WriteAsync(entry.BytesFromVisitor, NpgsqlDbType.Bigint, cancellationToken);
        await rows.WriteAsync(entry.BytesToVisitor, NpgsqlDbType.Bigint, cancellationToken);
        await rows.WriteAsync(LowerCaseEnum<ConnectionStatus>.ToText(entry.Status), NpgsqlDbType.Text, cancellationToken);
        // PostgreSQL takes no NUL.
        await rows.WriteAsync(entry.Reason.Replace("\0", "", StringComparison.Ordinal), NpgsqlDbType.Text, cancellationToken);
        await rows.WriteAsync(options.Value.Node, NpgsqlDbType.Text, cancellationToken);
    }
}
