using System.Buffers;
using System.Data.Common;
using System.Text;
using System.Text.Json;
using Rabbit.Persistence.Model;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.ConnectionLogs;

/// <summary>
/// Writes log entries by one statement, which inserts a row or replaces the earlier one of the same id. All of a batch
/// travel as one JSON text: a parameter for each value costs several times as much.
/// </summary>
internal static class ConnectionLogUpsert
{
    private const string Columns =
        """
        id, team_id, token_id, session_id, port, visitor_address, visitor_port, started_at, duration_ms, bytes_from_visitor,
            bytes_to_visitor, status, reason, node
        """;

    // "WHERE true" tells SQLite's parser that ON belongs to the conflict and not to a join.
    private const string Replace =
        """
        WHERE true
        ON CONFLICT (started_at, id) DO UPDATE SET session_id = excluded.session_id, duration_ms = excluded.duration_ms,
            bytes_from_visitor = excluded.bytes_from_visitor, bytes_to_visitor = excluded.bytes_to_visitor,
            status = excluded.status, reason = excluded.reason
        """;

    private const string Sqlite =
        $"""
        INSERT INTO connection_logs ({Columns})
        SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7,
            value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12, value ->> 13
        FROM json_each(@rows)
        {Replace}
        """;

    private const string Postgres =
        $"""
        INSERT INTO connection_logs ({Columns})
        SELECT (value ->> 0)::uuid, value ->> 1, value ->> 2, (value ->> 3)::uuid, (value ->> 4)::integer, value ->> 5,
            (value ->> 6)::integer, (value ->> 7)::timestamptz, (value ->> 8)::bigint, (value ->> 9)::bigint,
            (value ->> 10)::bigint, value ->> 11, value ->> 12, value ->> 13
        FROM json_array_elements(@rows::json) AS value
        {Replace}
        """;

    /// <summary>Writes all entries or none; no two have the same id.</summary>
    public static async Task WriteAsync(
        DbConnection connection, bool isPostgres, string node, IEnumerable<ConnectionLogEntry> entries, CancellationToken cancellationToken)
    {
        await using DbCommand command = connection.CreateCommand();
        command.CommandText = isPostgres ? Postgres : Sqlite;
        DbParameter rows = command.CreateParameter();
        rows.ParameterName = "rows";
        rows.Value = ToJson(entries, isPostgres, node);
        command.Parameters.Add(rows);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static string ToJson(IEnumerable<ConnectionLogEntry> entries, bool isPostgres, string node)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            foreach (ConnectionLogEntry entry in entries)
                WriteRow(json, entry, isPostgres, node);
            json.WriteEndArray();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    // In the order of the columns.
    private static void WriteRow(Utf8JsonWriter json, ConnectionLogEntry entry, bool isPostgres, string node)
    {
        json.WriteStartArray();
        WriteId(json, entry.Id);
        json.WriteStringValue(entry.TeamId);
        json.WriteStringValue(entry.TokenId);
        WriteId(json, entry.SessionId);
        json.WriteNumberValue(entry.Port);
        json.WriteStringValue(entry.VisitorAddress);
        json.WriteNumberValue(entry.VisitorPort);
        if (isPostgres)
            json.WriteStringValue(entry.StartedAt);
        else
            json.WriteNumberValue(entry.StartedAt.ToUnixTimeMilliseconds());
        json.WriteNumberValue((long)entry.Duration.TotalMilliseconds);
        json.WriteNumberValue(entry.BytesFromVisitor);
        json.WriteNumberValue(entry.BytesToVisitor);
        json.WriteStringValue(LowerCaseEnum<ConnectionStatus>.ToText(entry.Status));
        json.WriteStringValue(entry.Reason.Replace("\0", "", StringComparison.Ordinal)); // PostgreSQL takes none.
        json.WriteStringValue(node);
        json.WriteEndArray();
    }

    // In upper case, as Entity Framework looks for it in SQLite.
    private static void WriteId(Utf8JsonWriter json, Guid? id)
    {
        if (id is null)
            json.WriteNullValue();
        else
            json.WriteStringValue(id.Value.ToString().ToUpperInvariant());
    }
}
