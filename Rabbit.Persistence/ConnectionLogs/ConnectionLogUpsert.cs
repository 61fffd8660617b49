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
                foreach (var (name, value) in Values(entry, isPostgres, node))
                    Add(command.Parameters, command.CreateParameter(), name, value);
                batch.BatchCommands.Add(command);
            }
            await batch.ExecuteNonQueryAsync(cancellationToken);
        }
        else
        {
            await using DbCommand command = connection.CreateCommand();
            command.Transaction = transaction;
            command.CommandText = Statement;
            foreach (ConnectionLogEntry entry in entries)
            {
                command.Parameters.Clear();
                foreach (var (name, value) in Values(entry, isPostgres, node))
                    Add(command.Parameters, command.CreateParameter(), name, value);
                await command.ExecuteNonQueryAsync(cancellationToken);
            }
        }
        await transaction.CommitAsync(cancellationToken);
    }

    private static IEnumerable<(string Name, object? Value)> Values(ConnectionLogEntry entry, bool isPostgres, string node) =>
    [
        ("id", entry.Id),
        ("token_id", entry.TokenId),
        ("session_id", entry.SessionId),
        ("port", entry.Port),
        ("visitor_address", entry.VisitorAddress),
        ("visitor_port", entry.VisitorPort),
        ("started_at", isPostgres ? entry.StartedAt.ToUniversalTime() : entry.StartedAt.ToUnixTimeMilliseconds()),
        ("duration_ms", (long)entry.Duration.TotalMilliseconds),
        ("bytes_from_visitor", entry.BytesFromVisitor),
        ("bytes_to_visitor", entry.BytesToVisitor),
        ("status", LowerCaseEnum<ConnectionStatus>.ToText(entry.Status)),
        ("reason", entry.Reason.Replace("\0", "", StringComparison.Ordinal)),
        ("node", node),
    ];

    private static void Add(DbParameterCollection parameters, DbParameter parameter, string name, object? value)
    {
        parameter.ParameterName = name;
        parameter.Value = value ?? DBNull.Value;
        parameters.Add(parameter);
    }
}
