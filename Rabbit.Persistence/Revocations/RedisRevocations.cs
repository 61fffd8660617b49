using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rabbit.Persistence.Redis;
using Rabbit.Persistence.Telemetry;
using Rabbit.Tunneling.State;
using StackExchange.Redis;

namespace Rabbit.Persistence.Revocations;

/// <summary>
/// Revocations by publish and subscribe on one channel of Redis. Both queues are bounded and drop what does not fit, and what
/// is published while Redis is away is gone: the servers' look at the database makes up for all of it.
/// </summary>
internal sealed partial class RedisRevocations(
    RedisLink link, PersistenceMetrics metrics, TimeProvider time, ILogger<RedisRevocations> logger) : BackgroundService, IRevocations
{
    private const int QueueLength = 10_000;
    private static readonly RedisChannel Topic = RedisChannel.Literal("rabbit:revocations");
    private static readonly TimeSpan ConnectPause = TimeSpan.FromSeconds(5);

    private readonly Channel<string> _toPublish = Channel.CreateBounded<string>(new BoundedChannelOptions(QueueLength) { SingleReader = true });
    private readonly Channel<Revocation> _heard = Channel.CreateBounded<Revocation>(new BoundedChannelOptions(QueueLength) { SingleReader = true });
    private bool _isAway;

    /// <inheritdoc/>
    public ChannelReader<Revocation> Heard => _heard.Reader;

    /// <inheritdoc/>
    public void Publish(string tokenId) => _toPublish.Writer.TryWrite(tokenId);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            IConnectionMultiplexer? connection = null;
            while (!await TryAsync(async () => connection = await link.ConnectAsync(), stoppingToken))
                await Task.Delay(ConnectPause, time, stoppingToken);
            connection!.ConnectionRestored += (_, restored) => HearAgain(restored.ConnectionType);
            ISubscriber redis = connection.GetSubscriber();
            // When this fails the connection has noted it all the same, and subscribes when Redis is there.
            await TryAsync(() => redis.SubscribeAsync(Topic, (_, message) => Hear(message)), stoppingToken);
            await foreach (string tokenId in _toPublish.Reader.ReadAllAsync(stoppingToken))
                await TryAsync(
                    () => metrics.TimeAsync(PersistenceMetrics.Redis, time, () => redis.PublishAsync(Topic, RevocationJson.Write(tokenId))), stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What is left, the other servers find in the database.
        }
    }

    private void Hear(RedisValue message)
    {
        if (RevocationJson.Read(((ReadOnlyMemory<byte>)message).Span) is { } tokenId)
            _heard.Writer.TryWrite(new Revocation(tokenId));
    }

    private void HearAgain(ConnectionType restored)
    {
        if (restored == ConnectionType.Subscription)
            _heard.Writer.TryWrite(new Revocation(null));
    }

    private async Task<bool> TryAsync(Func<Task> act, CancellationToken cancellationToken)
    {
        try
        {
            await act().WaitAsync(cancellationToken);
            _isAway = false;
            return true;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            if (!_isAway)
                LogAway(e.Message);
            _isAway = true;
            return false;
        }
    }

    [LoggerMessage(EventIds.RevocationsAway, LogLevel.Warning, "Redis cannot carry revocations ({Reason}); other servers find them in the database")]
    private partial void LogAway(string reason);
}
