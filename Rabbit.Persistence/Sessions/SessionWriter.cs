using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rabbit.Persistence.Database;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.Sessions;

/// <summary>
/// Writes session changes in the order in which they happened, as many as have gathered in one transaction. While the
/// database is away they wait; a change that the database refuses for good is logged and dropped.
/// </summary>
internal sealed partial class SessionWriter(RabbitDatabase database, TimeProvider time, ILogger<SessionWriter> logger) : BackgroundService
{
    private const int LargestBatch = 500;
    private static readonly TimeSpan FlushLimit = TimeSpan.FromSeconds(5);

    private readonly Channel<Pending> _queue = Channel.CreateUnbounded<Pending>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _giveUp = new(Timeout.InfiniteTimeSpan, time);

    /// <summary>
    /// Queues a change; the task completes when it is durable, or was dropped for good. It is cancelled only when the server
    /// stops before the change could be written.
    /// </summary>
    public Task SaveAsync(SessionChange change) => QueueAsync(change);

    /// <summary>Completes when every change so far is durable.</summary>
    public Task FlushAsync() => QueueAsync(null);

    private Task QueueAsync(SessionChange? change)
    {
        var pending = new Pending(change);
        if (!_queue.Writer.TryWrite(pending))
            pending.Done.TrySetCanceled();
        return pending.Done.Task;
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _queue.Writer.TryComplete();
        _giveUp.CancelAfter(FlushLimit);
        await using CancellationTokenRegistration hurry = cancellationToken.Register(_giveUp.Cancel);
        await (ExecuteTask ?? Task.CompletedTask);
        await base.StopAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _giveUp.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var batch = new List<Pending>();
        while (await _queue.Reader.WaitToReadAsync(CancellationToken.None))
        {
            while (batch.Count < LargestBatch && _queue.Reader.TryRead(out Pending? pending))
                batch.Add(pending);
            await WriteAsync(batch);
            batch.Clear();
        }
    }

    private async Task WriteAsync(List<Pending> batch)
    {
        var backoff = new Backoff();
        while (!_giveUp.IsCancellationRequested)
        {
            try
            {
                await ApplyAsync(batch);
                batch.ForEach(pending => pending.Done.TrySetResult());
                return;
            }
            catch (Exception) when (_giveUp.IsCancellationRequested)
            {
                break;
            }
            catch (StoreUnavailableException e)
            {
                LogRetried(e.Message);
                await Task.Delay(backoff.Next(), time, _giveUp.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (Exception e)
            {
                // One change that the database will never take must not stop those behind it.
                if (batch.Count == 1)
                {
                    LogDropped(e, batch[0].Change);
                    batch[0].Done.TrySetResult();
                    return;
                }
                foreach (Pending pending in batch)
                    await WriteAsync([pending]);
                return;
            }
        }

        LogLost(batch.Count);
        batch.ForEach(pending => pending.Done.TrySetCanceled());
    }

    // Each change says by its epoch what it may touch, whichever server writes it and when.
    private Task ApplyAsync(List<Pending> batch) => database.WriteBesideOthersAsync(async context =>
    {
        await using var transaction = await context.Database.BeginTransactionAsync(_giveUp.Token);
        double uptime = await Management.ServerSettings.GetUptimeAsync(context, _giveUp.Token);
        await SessionRows.ApplyAsync(context, batch.Select(pending => pending.Change).OfType<SessionChange>(), uptime, _giveUp.Token);
        await transaction.CommitAsync(_giveUp.Token);
    }, _giveUp.Token);

    [LoggerMessage(EventIds.WriteRetried, LogLevel.Warning, "Session changes wait for the database: {Reason}")]
    private partial void LogRetried(string reason);

    [LoggerMessage(EventIds.ChangeDropped, LogLevel.Warning, "The database refuses a session change, which is dropped: {Change}")]
    private partial void LogDropped(Exception exception, SessionChange? change);

    [LoggerMessage(EventIds.ChangesLost, LogLevel.Warning, "The server stops while the database is away; {Count} session changes are not stored")]
    private partial void LogLost(int count);

    private sealed record Pending(SessionChange? Change)
    {
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
