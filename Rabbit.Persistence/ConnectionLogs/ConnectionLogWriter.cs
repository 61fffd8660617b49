using System.Data.Common;
using System.Threading.Channels;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Rabbit.Persistence.Database;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.ConnectionLogs;

/// <summary>
/// Takes log entries from the data path into a bounded queue and writes them in batches. Of several entries of one
/// connection in a batch only the last is written. While the database is away the batch waits and the queue fills; what no
/// longer fits is counted and dropped.
/// </summary>
internal sealed partial class ConnectionLogWriter(
    RabbitDatabase database, IOptions<PersistenceOptions> options, TimeProvider time, ILogger<ConnectionLogWriter> logger)
    : BackgroundService, IConnectionLog
{
    private const int QueueLength = 100_000;
    private const int LargestBatch = 1000;
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FlushLimit = TimeSpan.FromSeconds(5);

    private readonly Channel<ConnectionLogEntry> _queue = Channel.CreateBounded<ConnectionLogEntry>(
        new BoundedChannelOptions(QueueLength) { SingleReader = true });
    private readonly CancellationTokenSource _giveUp = new(Timeout.InfiniteTimeSpan, time);
    private readonly CancellationTokenSource _stopping = new();
    private long _dropped;
    private long _lost;
    private long _reported;
    private long _lastReport;

    /// <inheritdoc/>
    public void Record(ConnectionLogEntry entry)
    {
        if (!_queue.Writer.TryWrite(entry))
            Interlocked.Increment(ref _dropped);
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _queue.Writer.TryComplete();
        await _stopping.CancelAsync();
        _giveUp.CancelAfter(FlushLimit);
        await (ExecuteTask ?? Task.CompletedTask);
        await base.StopAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _giveUp.Dispose();
        _stopping.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var batch = new Dictionary<Guid, ConnectionLogEntry>();
        while (await _queue.Reader.WaitToReadAsync(CancellationToken.None))
        {
            // A short connection's first and last entry meet here and become one write.
            if (_queue.Reader.Count < LargestBatch)
                await PauseAsync(Gathering, _stopping.Token);
            while (batch.Count < LargestBatch && _queue.Reader.TryRead(out ConnectionLogEntry? entry))
                batch[entry.Id] = entry;
            await WriteAsync([.. batch.Values]);
            batch.Clear();
            ReportDropped();
        }
        if (_lost > 0)
            LogLost(_lost);
    }

    private async Task WriteAsync(IReadOnlyList<ConnectionLogEntry> batch)
    {
        var backoff = new Backoff();
        while (!_giveUp.IsCancellationRequested)
        {
            try
            {
                await database.WriteAsync(async context =>
                {
                    await context.Database.OpenConnectionAsync(_giveUp.Token);
                    DbConnection connection = context.Database.GetDbConnection();
                    await ConnectionLogUpsert.WriteAsync(connection, database.Connection.IsPostgres, options.Value.Node, batch, _giveUp.Token);
                }, _giveUp.Token);
                return;
            }
            catch (Exception) when (_giveUp.IsCancellationRequested)
            {
                break;
            }
            catch (StoreUnavailableException e)
            {
                LogRetried(batch.Count, e.Message);
                ReportDropped();
                await PauseAsync(backoff.Next(), _giveUp.Token);
            }
            catch (Exception e)
            {
                // One row that the database will never take must not cost the others.
                if (batch.Count == 1)
                {
                    LogRefused(e, batch[0].Id);
                    return;
                }
                foreach (ConnectionLogEntry entry in batch)
                    await WriteAsync([entry]);
                return;
            }
        }
        _lost += batch.Count;
    }

    private async Task PauseAsync(TimeSpan pause, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(pause, time, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // Stopping: the caller goes on at once.
        }
    }

    private void ReportDropped()
    {
        long dropped = Interlocked.Read(ref _dropped);
        if (dropped == _reported || (_lastReport != 0 && time.GetElapsedTime(_lastReport) < ReportInterval))
            return;
        _lastReport = time.GetTimestamp();
        LogDropped(dropped - _reported);
        _reported = dropped;
    }

    [LoggerMessage(EventIds.WriteRetried, LogLevel.Warning, "{Count} connection log rows wait for the database: {Reason}")]
    private partial void LogRetried(int count, string reason);

    [LoggerMessage(EventIds.ChangeDropped, LogLevel.Error, "The database refuses the connection log row {Id}, which is dropped")]
    private partial void LogRefused(Exception exception, Guid id);

    [LoggerMessage(EventIds.LogEntriesLost, LogLevel.Warning, "The server stops while the database is away; {Count} connection log rows are not stored")]
    private partial void LogLost(long count);

    [LoggerMessage(EventIds.LogEntriesDropped, LogLevel.Warning, "{Count} connection log entries were dropped because the queue was full")]
    private partial void LogDropped(long count);
}
