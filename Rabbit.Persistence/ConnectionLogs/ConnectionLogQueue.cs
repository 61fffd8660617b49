using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rabbit.Persistence.ConnectionLogs.Journal;
using Rabbit.Persistence.Database;
using Rabbit.Persistence.Telemetry;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.ConnectionLogs;

/// <summary>
/// Takes log entries from the data path into a bounded queue in memory, and from there, many at a time, into the journal; from
/// then on they survive this process. What does not fit while the journal cannot be written is counted and dropped.
/// </summary>
internal sealed partial class ConnectionLogQueue(
    ConnectionJournal journal, PersistenceMetrics metrics, TimeProvider time, ILogger<ConnectionLogQueue> logger)
    : BackgroundService, IConnectionLog
{
    /// <summary>Entries that may wait in memory.</summary>
    public const int Length = 100_000;

    private const int LargestBatch = 1000;
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(1);

    private readonly Channel<ConnectionLogEntry> _queue = Channel.CreateBounded<ConnectionLogEntry>(
        new BoundedChannelOptions(Length) { SingleReader = true });
    private readonly CancellationTokenSource _stopping = new();
    private long _dropped;
    private long _reported;
    private long _lastReport;

    /// <summary>Entries that wait in memory.</summary>
    public int Count => _queue.Reader.Count;

    /// <summary>Why the journal cannot be written now, or null.</summary>
    public string? Failure { get; private set; }

    /// <inheritdoc/>
    public void Record(ConnectionLogEntry entry)
    {
        if (!_queue.Writer.TryWrite(entry))
            Drop(1);
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _queue.Writer.TryComplete();
        await _stopping.CancelAsync();
        await (ExecuteTask ?? Task.CompletedTask);
        await base.StopAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _stopping.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var batch = new List<ConnectionLogEntry>();
        while (await _queue.Reader.WaitToReadAsync(CancellationToken.None))
        {
            // A short connection's first and last entry meet here, and the second makes the first unnecessary.
            if (_queue.Reader.Count < LargestBatch)
                await PauseAsync(Gathering);
            while (batch.Count < LargestBatch && _queue.Reader.TryRead(out ConnectionLogEntry? entry))
                batch.Add(entry);
            await AppendAsync(batch);
            batch.Clear();
            ReportDropped();
        }
        journal.Complete();
    }

    private async Task AppendAsync(List<ConnectionLogEntry> batch)
    {
        IEnumerable<ConnectionLogEntry> newest = batch.Count == 1 ? batch : batch.AsEnumerable().Reverse().DistinctBy(entry => entry.Id).Reverse();
        var backoff = new Backoff();
        while (true)
        {
            try
            {
                if (!await journal.TryAppendAsync(newest))
                    Drop(batch.Count);
                if (Failure is not null)
                    LogMended();
                Failure = null;
                return;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                if (Failure is null)
                    LogFailed(e.Message);
                Failure = e.Message;
                ReportDropped();
                if (_stopping.IsCancellationRequested)
                {
                    Drop(batch.Count);
                    return;
                }
                await PauseAsync(backoff.Next());
            }
        }
    }

    private Task PauseAsync(TimeSpan pause) =>
        Task.Delay(pause, time, _stopping.Token).ContinueWith(
            static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    private void Drop(int entries)
    {
        Interlocked.Add(ref _dropped, entries);
        metrics.Dropped(entries);
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

    [LoggerMessage(EventIds.JournalFailed, LogLevel.Error, "The connection log's journal cannot be written ({Reason}); free some space in the data directory")]
    private partial void LogFailed(string reason);

    [LoggerMessage(EventIds.JournalMended, LogLevel.Information, "The connection log's journal can be written again")]
    private partial void LogMended();

    [LoggerMessage(EventIds.LogEntriesDropped, LogLevel.Warning, "{Count} connection log entries were dropped because the journal is full or cannot be written")]
    private partial void LogDropped(long count);
}
