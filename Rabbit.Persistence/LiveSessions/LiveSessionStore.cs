using System.Threading.Channels;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.LiveSessions;

/// <summary>
/// Keeps live session data in the distributed cache: Redis when it is configured, else this process. Writes are queued, one
/// for each token; when Redis is away they are lost, which the next heartbeat makes good.
/// </summary>
internal sealed partial class LiveSessionStore(IDistributedCache cache, TimeProvider time, ILogger<LiveSessionStore> logger)
    : BackgroundService, ILiveSessionStore
{
    private const int QueueLength = 50_000;
    private static readonly TimeSpan Expiry = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan OperationTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();

    // Under the gate: the newest change of each token, and the tokens in the order in which they were first changed.
    private readonly Dictionary<string, Change> _pending = new(StringComparer.Ordinal);
    private readonly Channel<string> _queue = Channel.CreateBounded<string>(new BoundedChannelOptions(QueueLength) { SingleReader = true });
    private long _lastReport;

    /// <summary>The key of a token's live session.</summary>
    public static string Key(string tokenId) => $"rabbit:session:{tokenId}";

    /// <inheritdoc/>
    public void Publish(LiveSession session) => Enqueue(new Change(session.TokenId, session.Epoch, session));

    /// <inheritdoc/>
    public void Remove(string tokenId, long epoch) => Enqueue(new Change(tokenId, epoch, null));

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (string tokenId in _queue.Reader.ReadAllAsync(stoppingToken))
            {
                Change? change;
                lock (_gate)
                    _pending.Remove(tokenId, out change);
                if (change is not null)
                    await ApplyAsync(change, stoppingToken);
            }
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
                if (change.Replaces(waiting))
                    _pending[change.TokenId] = change;
            }
            else if (_queue.Writer.TryWrite(change.TokenId))
            {
                _pending.Add(change.TokenId, change);
            }
            // Else full: the next heartbeat publishes it again, and what should have been removed expires.
        }
    }

    private async Task ApplyAsync(Change change, CancellationToken cancellationToken)
    {
        string key = Key(change.TokenId);
        try
        {
            await ReplaceAsync(key, change, cancellationToken).WaitAsync(OperationTimeout, time, cancellationToken);
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

    private async Task ReplaceAsync(string key, Change change, CancellationToken cancellationToken)
    {
        // A newer login, perhaps on another node, may already have written its own.
        if (await cache.FindAsync(key, cancellationToken) is { } stored && stored.Epoch > change.Epoch)
            return;
        if (change.Session is { } session)
            await cache.SetAsync(key, LiveSessionJson.Write(session), new() { AbsoluteExpirationRelativeToNow = Expiry }, cancellationToken);
        else
            await cache.RemoveAsync(key, cancellationToken);
    }

    [LoggerMessage(EventIds.LiveSessionsAway, LogLevel.Warning, "Live session data cannot be written ({Reason}); tunnels are not affected")]
    private partial void LogAway(string reason);

    private sealed record Change(string TokenId, long Epoch, LiveSession? Session)
    {
        /// <summary>False for what is older than <paramref name="waiting"/>, and for a heartbeat that its session's end has overtaken.</summary>
        public bool Replaces(Change waiting) => Epoch > waiting.Epoch || (Epoch == waiting.Epoch && (Session is null || waiting.Session is not null));
    }
}
