using System.Globalization;
using System.Text;
using CsvHelper;
using CsvHelper.Configuration;
using Rabbit.Persistence.ConnectionLogs.Reading;
using Rabbit.Tunneling.State;

namespace Rabbit.Host.Api.Connections;

/// <summary>Writes the connection log as CSV (RFC 4180), page by page, as fast as the caller takes it.</summary>
internal sealed class ConnectionCsv(ConnectionLogReader log)
{
    public const string MediaType = "text/csv";

    private const int PageSize = 1000;

    private static readonly string[] Columns =
    [
        "id", "team_id", "token_id", "session_id", "port", "visitor_address", "visitor_port", "started_at", "duration_ms", "bytes_from_visitor",
        "bytes_to_visitor", "status", "reason",
    ];

    // A cell that a spreadsheet would take for a formula is written as text.
    private static readonly CsvConfiguration Format = new(CultureInfo.InvariantCulture) { NewLine = "\r\n", InjectionOptions = InjectionOptions.Escape };

    /// <summary>Writes the rows of a filter, newest first.</summary>
    public async Task WriteAsync(ConnectionLogFilter filter, Stream output, CancellationToken cancellationToken)
    {
        await using var text = new StreamWriter(output, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), leaveOpen: true);
        await using var csv = new CsvWriter(text, Format, leaveOpen: true);
        foreach (string column in Columns)
            csv.WriteField(column);
        await csv.NextRecordAsync();
        string? cursor = null;
        do
        {
            ConnectionLogPage page = (await log.ReadAsync(filter, cursor, PageSize, cancellationToken)).Value!;
            foreach (ConnectionLogEntry entry in page.Connections)
            {
                WriteRow(csv, entry);
                await csv.NextRecordAsync();
            }
            await csv.FlushAsync();
            await text.FlushAsync(cancellationToken);
            cursor = page.Next;
        }
        while (cursor is not null);
    }

    // In the order of the columns.
    private static void WriteRow(CsvWriter csv, ConnectionLogEntry entry)
    {
        csv.WriteField(entry.Id);
        csv.WriteField(entry.TeamId);
        csv.WriteField(entry.TokenId);
        csv.WriteField(entry.SessionId);
        csv.WriteField(entry.Port);
        csv.WriteField(entry.VisitorAddress);
        csv.WriteField(entry.VisitorPort);
        csv.WriteField(entry.StartedAt.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture));
        csv.WriteField((long)entry.Duration.TotalMilliseconds);
        csv.WriteField(entry.BytesFromVisitor);
        csv.WriteField(entry.BytesToVisitor);
        csv.WriteField(entry.Status.ToString().ToLowerInvariant());
        csv.WriteField(entry.Reason);
    }
}
