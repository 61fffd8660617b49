using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rabbit.Persistence.ConnectionLogs.Journal;
using Rabbit.Persistence.Database;

namespace Rabbit.Persistence.ConnectionLogs;

/// <summary>
/// Brings the entries of servers before this one into the database, also while they still serve their last visitors: they only write
/// their journals. When the last of them has gone the rows that they have left open are closed.
/// </summary>
internal sealed partial class LeftJournals(
    ConnectionJournal journal, ConnectionLogWriter writer, RabbitDatabase database, TimeProvider time, ILogger<LeftJournals> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        List<LeftJournal> left = [.. journal.Left.Select(directory => new LeftJournal(directory))];
        if (left.Count == 0)
            return; // Then the writer itself closes the rows that were left open.
        await database.WhenReleasedAsync(stoppingToken);
        await writer.Begun.WaitAsync(stoppingToken);
        using var pace = new PeriodicTimer(Interval, time);
        do
        {
            try
            {
                foreach (LeftJournal one in left.ToArray())
                {
                    if (await one.DrainAsync(writer, stoppingToken))
                        left.Remove(one);
                }
            }
            catch (OperationCanceledException)
            {
                return; // The server stops, or a successor does this.
            }
            catch (Exception e)
            {
                // A file that cannot be read, or a bug of ours, must end neither the log nor the server.
                LogFailed(e);
            }
        }
        while (left.Count > 0 && await pace.WaitForNextTickAsync(stoppingToken));
        await writer.CloseOpenRowsAsync();
    }

    [LoggerMessage(EventIds.LeftJournalFailed, LogLevel.Error, "Connection log rows of the server before this one could not be brought from its journal into the database; trying again")]
    private partial void LogFailed(Exception exception);
}
