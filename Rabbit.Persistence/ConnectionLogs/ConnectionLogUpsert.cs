using System.Data.Common;
using Rabbit.Persistence.Model;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.ConnectionLogs;

/// <summary>Writes log entries by one prepared statement that inserts a row or replaces the earlier one of the same id.</summary>
internal static class ConnectionLogUpsert
{
    private const string Statement =
        """
        INSERT INTO connection_logs (id, token_id, session_id, port, visitor_address, visitor_port, started_at, duration_ms,
            bytes_from_visitor, bytes_to_visitor, status, reason, node)
        VALUES (@id, @token_id, @session_id, @port, @visitor_address, @visitor_port, @started_at, @duration_ms,
            @bytes_from_visitor, @bytes_to_visitor, @status, @reason, @node)
        ON CONFLICT (id) DO UPDATE SET session_id = excluded.session_id, duration_ms = excluded.duration_ms,
            bytes_from_visitor = excluded.bytes_from_visitor, bytes_to_visitor = excluded.bytes_to_visitor,
            status = excluded.status, reason = excluded.reason
        """;

    private static readonly string[] Names =
    [
        "id", "token_id", "session_id", "port", "visitor_address", "visitor_port", "started_at", "duration_ms",
        "bytes_from_visitor", "bytes_to_visitor", "status", "reason", "node",
    ];

    /// <summary>Writes all entries in one transaction.</summary>
    public static async Task WriteAsync(
        DbConnection connection, bool isPostgres, string node, IReadOnlyCollection<ConnectionLogEntry> entries, CancellationToken cancellationToken)
    {
        await using DbTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (connection.CanCreateBatch)
        {
            await using DbBatch batch = connection.CreateBatch();
            batch.Transaction = transaction;
            foreach (ConnectionLogEntry entry in entries)
            {
                DbBatchCommand command = batch.CreateBatchCommand();
                command.CommandText = Statement;
                SetValues(AddParameters(command.Parameters, command.CreateParameter), entry, isPostgres, node);
                batch.BatchCommands.Add(command);
            }
            await batch.ExecuteNonQueryAsync(cancellationToken);
        }
        else
        {
            await using DbCommand command = connection.CreateCommand();
            command.Transaction = transaction;
            command.CommandText = Statement;
            DbParameter[] parameters = AddParameters(command.Parameters, command.CreateParameter);
            foreach (ConnectionLogEntry entry in entries)
            {
                SetValues(parameters, entry, isPostgres, node);
                await command.ExecuteNonQueryAsync(cancellationToken);
            }
        }
        await transaction.CommitAsync(cancellationToken);
    }

    private static DbParameter[] AddParameters(DbParameterCollection collection, Func<DbParameter> create)
    {
        DbParameter[] parameters = [.. Names.Select(_ => create())];
        for (int i = 0; i < Names.Length; i++)
            parameters[i].ParameterName = Names[i];
        collection.AddRange(parameters);
        return parameters;
    }

    private static void SetValues(DbParameter[] parameters, ConnectionLogEntry entry, bool isPostgres, string node)
    {
        ReadOnlySpan<object?> values =
        [
            entry.Id, entry.TokenId, entry.SessionId, entry.Port, entry.VisitorAddress, entry.VisitorPort,
            isPostgres ? entry.StartedAt.ToUniversalTime() : entry.StartedAt.ToUnixTimeMilliseconds(),
            (long)entry.Duration.TotalMilliseconds, entry.BytesFromVisitor, entry.BytesToVisitor,
            LowerCaseEnum<ConnectionStatus>.ToText(entry.Status), entry.Reason.Replace("\0", "", StringComparison.Ordinal), node,
        ];
        for (int i = 0; i < values.Length; i++)
            parameters[i].Value = values[i] ?? DBNull.Value;
    }
}
