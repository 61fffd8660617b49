using System.Buffers;
using System.Data.Common;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.Options;
using Rabbit.Persistence.Database;
using Rabbit.Persistence.Model;
using Rabbit.Persistence.Statistics;
using Rabbit.Persistence.Telemetry;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.ConnectionLogs;

/// <summary>
/// Writes a batch by one statement, in which all entries travel as one JSON text: a parameter for each value costs several
/// times as much.
/// </summary>
internal sealed class SqliteConnectionLogTable(
    RabbitDatabase database, IOptions<PersistenceOptions> options, PersistenceMetrics metrics, TimeProvider time) : IConnectionLogTable
{
    // "WHERE true" tells SQLite's parser that ON belongs to the conflict and not to a join.
    private const string Statement =
        $"""
        INSERT INTO connection_logs ({ConnectionLogColumns.All})
        SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7,
            value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12, value ->> 13
        FROM json_each(@rows)
        WHERE true {ConnectionLogColumns.OnConflict}
        """;

    /// <inheritdoc/>
    public Task ReplaceAsync(IReadOnlyCollection<ConnectionLogEntry> entries, CancellationToken cancellationToken) =>
        database.WriteAsync(async context =>
        {
            await using IDbContextTransaction transaction = await context.Database.BeginTransactionAsync(cancellationToken);
            await using DbCommand command = context.Database.GetDbConnection().CreateCommand();
            command.Transaction = transaction.GetDbTransaction();
            command.CommandText = Statement;
            DbParameter rows = command.CreateParameter();
            rows.ParameterName = "rows";
            rows.Value = ToJson(entries);
            command.Parameters.Add(rows);
            await metrics.TimeAsync(PersistenceMetrics.Sqlite, time, () => command.ExecuteNonQueryAsync(cancellationToken));
            await DueHours.MarkAsync(context, DueHours.Of(entries), cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }, cancellationToken);

    private string ToJson(IEnumerable<ConnectionLogEntry> entries)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            foreach (ConnectionLogEntry entry in entries)
                WriteRow(json, entry);
            json.WriteEndArray();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    // In the order of the columns.
    private void WriteRow(Utf8JsonWriter json, ConnectionLogEntry entry)
    {
        json.WriteStartArray();
        WriteId(json, entry.Id);
        json.WriteStringValue(entry.TeamId);
        json.WriteStringValue(entry.TokenId);
        WriteId(json, entry.SessionId);
        json.WriteNumberValue(entry.Port);
        json.WriteStringValue(entry.VisitorAddress);
        json.WriteNumberValue(entry.VisitorPort);
        json.WriteNumberValue(entry.StartedAt.ToUnixTimeMilliseconds());
        json.WriteNumberValue((long)entry.Duration.TotalMilliseconds);
        json.WriteNumberValue(entry.BytesFromVisitor);
        json.WriteNumberValue(entry.BytesToVisitor);
        json.WriteStringValue(LowerCaseEnum<ConnectionStatus>.ToText(entry.Status));
        json.WriteStringValue(entry.Reason);
        json.WriteStringValue(options.Value.Node);
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
