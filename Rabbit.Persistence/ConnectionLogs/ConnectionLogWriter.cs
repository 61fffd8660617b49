using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Rabbit.Persistence.ConnectionLogs.Journal;
using Rabbit.Persistence.Database;
using Rabbit.Persistence.Model;
using Rabbit.Persistence.Statistics;
using Rabbit.Persistence.Telemetry;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.ConnectionLogs;

/// <summary>
/// Brings the journal's entries into the database, in order, a batch at a time; of several entries of one connection only the
/// newest is written. What an earlier run has left comes first, and then the rows that it left open are closed. While the
/// database is away the journal grows. An entry that is written twice, after a crash, changes nothing.
/// </summary>
internal sealed partial class ConnectionLogWriter(
    ConnectionJournal journal, IConnectionLogTable table, RabbitDatabase database, IOptions<PersistenceOptions> options, PersistenceMetrics metrics,
    TimeProvider time, ILogger<ConnectionLogWriter> logger) : BackgroundService
{
    private static readonly TimeSpan FlushLimit = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _giveUp = new(Timeout.InfiniteTimeSpan, time);
    private readonly TaskCompletionSource _caughtUp = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _turn = new(1);
    private TaskCompletionSource? _begun;
    private DateTimeOffset _startedAt;
    private volatile bool _waits;
    private volatile bool _isLeaving;

    /// <summary>Completes when what earlier runs have left is in the database, and their rows are closed.</summary>
    public Task CaughtUp => _caughtUp.Task;

    /// <summary>Completes when no other server on this data directory takes visitors any more.</summary>
    public Task Begun => _begun?.Task ?? Task.CompletedTask;

    /// <summary>A server before this one serves until <see cref="Begin"/>; before the start.</summary>
    public void StandBy() => _begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The server before this one takes no more visitors: rows that began earlier are its.</summary>
    public void Begin()
    {
        _startedAt = time.GetUtcNow();
        _begun?.TrySetResult();
    }

    /// <summary>A successor writes from now on what is in the journal, and will be.</summary>
    public void Leave()
    {
        _isLeaving = true;
        _giveUp.Cancel();
    }

    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        _startedAt = time.GetUtcNow();
        journal.Open();
        return base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        // The queue has stopped before: all is in the journal, so that nothing is lost where the database is away.
        if (_waits || database.IsHeld)
            await _giveUp.CancelAsync();
        else
            _giveUp.CancelAfter(FlushLimit);
        await using CancellationTokenRegistration hurry = cancellationToken.Register(_giveUp.Cancel);
        await (ExecuteTask ?? Task.CompletedTask);
        await base.StopAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _giveUp.Dispose();
        _turn.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        JournalPosition position = journal.Start;
        var backoff = new Backoff();
        try
        {
            await database.WhenReleasedAsync(_giveUp.Token);
            do
            {
                while (true)
                {
                    JournalPosition before = position;
                    try
                    {
                        position = await StoreAsync(position);
                        backoff = new Backoff();
                    }
                    catch (Exception e) when (!_giveUp.IsCancellationRequested)
                    {
                        // A file that cannot be read, or a bug of ours, must end neither the log nor the server.
                        LogFailed(e);
                        await Task.Delay(backoff.Next(), time, _giveUp.Token);
                        continue;
                    }
                    if (position == before)
                        break;
                }
            }
            while (await journal.WaitForMoreAsync(_giveUp.Token));
            journal.Finish(position);
        }
        catch (OperationCanceledException) when (_giveUp.IsCancellationRequested)
        {
            if (!_isLeaving)
                LogLeft();
        }
    }

    private async Task<JournalPosition> StoreAsync(JournalPosition position)
    {
        if (!CaughtUp.IsCompleted && position == journal.StartOfThisRun)
        {
            // Where another server may still serve some of them, whoever reads its journal closes the rest.
            if (journal.Left.Count == 0)
                await CloseOpenRowsAsync();
            _caughtUp.TrySetResult();
        }
        JournalBatch batch = await journal.ReadAsync(position, _giveUp.Token);
        if (batch.Unreadable > 0)
            LogUnreadable(batch.Unreadable, position.Segment);
        await WriteAsync(batch.Entries);
        journal.Release(batch.Next);
        return batch.Next;
    }

    /// <summary>Brings entries into the database, of several of one connection the newest; tries until it has, or this writer gives up.</summary>
    public async Task WriteAsync(IReadOnlyList<ConnectionLogEntry> entries)
    {
        if (entries.Count == 0)
            return;
        var newest = new Dictionary<Guid, ConnectionLogEntry>(entries.Count);
        foreach (ConnectionLogEntry entry in entries)
            newest[entry.Id] = entry;
        await _turn.WaitAsync(_giveUp.Token);
        try
        {
            await WriteNewestAsync([.. newest.Values]);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task WriteNewestAsync(ConnectionLogEntry[] entries)
    {
        try
        {
            await PersistAsync(() => table.ReplaceAsync(entries, _giveUp.Token), "connection log rows");
            metrics.Written(entries.Length);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // One row that the database will never take must not cost the others.
            if (entries.Length == 1)
            {
                LogRefused(e, entries[0].Id);
                metrics.Dropped(1);
                return;
            }
            foreach (ConnectionLogEntry entry in entries)
                await WriteNewestAsync([entry]);
        }
    }

    /// <summary>Tries until the database has done it, or this writer gives up.</summary>
    private async Task PersistAsync(Func<Task> write, string what)
    {
        var backoff = new Backoff();
        while (true)
        {
            try
            {
                await write();
                if (_waits)
                    LogGoesOn();
                _waits = false;
                return;
            }
            catch (StoreUnavailableException e)
            {
                if (!_waits)
                    LogWaits(what, e.Message);
                _waits = true;
                await Task.Delay(backoff.Next(), time, _giveUp.Token);
            }
        }
    }

    /// <summary>Closes the rows of this node that servers before this one have left open; tries until it has, or this writer gives up.</summary>
    public Task CloseOpenRowsAsync() => PersistAsync(CloseNowAsync, "the rows of the last run");

    private async Task CloseNowAsync()
    {
        string node = options.Value.Node;
        // A SQLite file has one server, whatever its host was called before; on PostgreSQL the other nodes' rows may live.
        bool alone = !database.Connection.IsPostgres;
        int closed = await database.WriteAsync(async context =>
        {
            await using IDbContextTransaction transaction = await context.Database.BeginTransactionAsync(_giveUp.Token);
            IQueryable<ConnectionLogRow> open = context.ConnectionLogs.Where(
                row => row.Status == ConnectionStatus.Active && (alone || row.Node == node) && row.StartedAt < _startedAt);
            List<DateTimeOffset> began = await open.Select(row => row.StartedAt).ToListAsync(_giveUp.Token);
            int updated = await open.ExecuteUpdateAsync(
                set => set.SetProperty(row => row.Status, ConnectionStatus.Error).SetProperty(row => row.Reason, "server stopped"), _giveUp.Token);
            await DueHours.MarkAsync(context, [.. began.Select(StatisticsTime.HourOf).Distinct().Order()], _giveUp.Token);
            await transaction.CommitAsync(_giveUp.Token);
            return updated;
        }, _giveUp.Token);
        if (closed > 0)
            LogOpenRowsClosed(closed);
    }

    [LoggerMessage(EventIds.WriteRetried, LogLevel.Warning, "The database is away, and {What} wait in the journal: {Reason}")]
    private partial void LogWaits(string what, string reason);

    [LoggerMessage(EventIds.WritesGoOn, LogLevel.Information, "The database is back; connection log rows are written again")]
    private partial void LogGoesOn();

    [LoggerMessage(EventIds.ChangeDropped, LogLevel.Error, "The database refuses the connection log row {Id}, which is dropped")]
    private partial void LogRefused(Exception exception, Guid id);

    [LoggerMessage(EventIds.LogRowsFailed, LogLevel.Error, "Connection log rows could not be brought from the journal into the database; trying again")]
    private partial void LogFailed(Exception exception);

    [LoggerMessage(EventIds.JournalLeft, LogLevel.Warning, "The server stops before all connection log rows are in the database; the next start writes them from the journal")]
    private partial void LogLeft();

    [LoggerMessage(EventIds.JournalUnreadable, LogLevel.Warning, "Passed over {Bytes} bytes at the end of journal segment {Segment}, which were cut off by a crash or damaged")]
    private partial void LogUnreadable(long bytes, long segment);

    [LoggerMessage(EventIds.OpenRowsClosed, LogLevel.Information, "Closed {Count} connection log rows that the last run left open")]
    private partial void LogOpenRowsClosed(int count);
}
