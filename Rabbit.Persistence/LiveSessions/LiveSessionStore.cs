using System.Threading.Channels;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.LiveSessions;

/// <summary>
/// Keeps live session data in the distributed cache: Redis when it is configured, else this process. Writes are queued; when
/// Redis is away they are lost, which the next heartbeat makes good.
/// </summary>
internal sealed partial class LiveSessionStore(IDistributedCache cache, TimeProvider time, ILogger<LiveSessionStore> logger)
    : BackgroundService, ILiveSessionStore
{
    private const int QueueLength = 50_000;
    private static readonly TimeSpan Expiry = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan OperationTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(10);

    private readonly Channel<Change> _queue = Channel.CreateBounded<Change>(
        new BoundedChannelOptions(QueueLength) { SingleReader = true, FullMode = BoundedChannelFullMode.DropOldest });
    private long _lastReport;

    /// <summary>The key of a token's live session.</summary>
    public static string Key(string tokenId) => $"rabbit:session:{tokenId}";

    /// <inheritdoc/>
    public void Publish(LiveSession session) => _queue.Writer.TryWrite(new Change(session.TokenId, session.Epoch, session));

    /// <inheritdoc/>
    public void Remove(string tokenId, long epoch) => _queue.Writer.TryWrite(new Change(tokenId, epoch, null));

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (Change change in _queue.Reader.ReadAllAsync(stoppingToken))
                await ApplyAsync(change, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What is left expires by itself.
        }
    }

    private async Task ApplyAsync(Change change, CancellationToken cancellationToken)
    {
        string key = Key(change.TokenId);
        try
        {
            if (change.Session is { } session)
            {
                await cache.SetAsync(
                    key, LiveSessionJson.Write(session), new DistributedCacheEntryOptions { AbsoluteExpirationRelativeToNow = Expiry }, cancellationToken)
                    .WaitAsync(OperationTimeout, time, cancellationToken);
                return;
            }
            byte[]? stored = await cache.GetAsync(key, cancellationToken).WaitAsync(OperationTimeout, time, cancellationToken);
            // A newer login may already have written its own.
            if (stored is not null && (LiveSessionJson.Read(stored)?.Epoch ?? 0) <= change.Epoch)
                await cache.RemoveAsync(key, cancellationToken).WaitAsync(OperationTimeout, time, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // Whatever Redis or its client does, tunnels go on; the entry expires or is written again.
            if (_lastReport == 0 || time.GetElapsedTime(_lastReport) > ReportInterval)
            {
                _lastReport = time.GetTimestamp();
                LogAway(e.Message);
            }
        }
    }

    [LoggerMessage(EventIds.LiveSessionsAway, LogLevel.Warning, "Live session data cannot be written ({Reason}); tunnels are not affected")]
    private partial void LogAway(string reason);

    private sealed record Change(string TokenId, long Epoch, LiveSession? Session);
}
