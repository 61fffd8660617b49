using System.Threading.Channels;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.LiveSessions;

/// <summary>
/// Keeps live session data in the distributed cache: Redis when it is configured, else this process. Writes are queued, one
/// for each token, and many are under way at once; when Redis is away they are lost, which the next heartbeat makes good.
/// </summary>
internal sealed partial class LiveSessionStore(IDistributedCache cache, TimeProvider time, ILogger<LiveSessionStore> logger)
    : BackgroundService, ILiveSessionStore
{
    private const int QueueLength = 50_000;
    private const int AtOnce = 64;
    private static readonly TimeSpan OperationTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();

    // Under the gate: a token that is queued or being written, with its newest change that is not; and when a failure was told last.
    private readonly Dictionary<string, Change?> _pending = new(StringComparer.Ordinal);
    private long _lastReport;

    private readonly Channel<string> _queue = Channel.CreateBounded<string>(QueueLength);

    /// <inheritdoc/>
    public void Publish(LiveSession session) => Enqueue(new Change(session.TokenId, session.Epoch, session));

    /// <inheritdoc/>
    public void Remove(string tokenId, long epoch) => Enqueue(new Change(tokenId, epoch, null));

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Parallel.ForEachAsync(
                _queue.Reader.ReadAllAsync(stoppingToken), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = stoppingToken },
                async (tokenId, cancellationToken) =>
                {
                    while (Next(tokenId) is { } change)
                        await ApplyAsync(change, cancellationToken);
                });
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What is left expires by itself.
        }
    }

    private void Enqueue(Change change)
    {
        lock (_gate)
        {
            if (_pending.TryGetValue(change.TokenId, out Change? waiting))
            {
                if (waiting is null || change.Replaces(waiting))
                    _pending[change.TokenId] = change;
            }
            else if (_queue.Writer.TryWrite(change.TokenId))
            {
                _pending.Add(change.TokenId, change);
            }
            // Else full: the next heartbeat publishes it again, and what should have been removed expires.
        }
    }

    // The token's entry stays while its changes are written, so that no one else writes them at the same time.
    private Change? Next(string tokenId)
    {
        lock (_gate)
        {
            Change? change = _pending[tokenId];
            if (change is null)
                _pending.Remove(tokenId);
            else
                _pending[tokenId] = null;
            return change;
        }
    }

    private async Task ApplyAsync(Change change, CancellationToken cancellationToken)
    {
        try
        {
            await ReplaceAsync(change, cancellationToken).WaitAsync(OperationTimeout, time, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // Whatever Redis or its client does, tunnels go on; the entry expires or is written again.
            if (IsReportDue())
                LogAway(e.Message);
        }
    }

    private async Task ReplaceAsync(Change change, CancellationToken cancellationToken)
    {
        // A newer login, perhaps on another node, may already have written its own.
        if (await cache.FindAsync(change.TokenId, time.GetUtcNow(), cancellationToken) is { } stored && stored.Epoch > change.Epoch)
            return;
        string key = LiveSessionCache.Key(change.TokenId);
        if (change.Session is { } session)
            await cache.SetAsync(key, LiveSessionJson.Write(session), new() { AbsoluteExpirationRelativeToNow = LiveSessionCache.Expiry }, cancellationToken);
        else
            await cache.RemoveAsync(key, cancellationToken);
    }

    private bool IsReportDue()
    {
        lock (_gate)
        {
            if (_lastReport != 0 && time.GetElapsedTime(_lastReport) <= ReportInterval)
                return false;
            _lastReport = time.GetTimestamp();
            return true;
        }
    }

    [LoggerMessage(EventIds.LiveSessionsAway, LogLevel.Warning, "Live session data cannot be written ({Reason}); tunnels are not affected")]
    private partial void LogAway(string reason);

    private sealed record Change(string TokenId, long Epoch, LiveSession? Session)
    {
        /// <summary>False for what is older than <paramref name="waiting"/>, and for a heartbeat that its session's end has overtaken.</summary>
        public bool Replaces(Change waiting) => Epoch > waiting.Epoch || (Epoch == waiting.Epoch && (Session is null || waiting.Session is not null));
    }
}
