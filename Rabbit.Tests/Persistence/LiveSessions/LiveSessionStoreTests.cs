using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Caching.StackExchangeRedis;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Rabbit.Persistence.LiveSessions;
using Rabbit.Persistence.Redis;
using Rabbit.Tests.Support;
using Rabbit.Tunneling;
using Rabbit.Tunneling.State;
using StackExchange.Redis;
using Xunit;

namespace Rabbit.Tests.Persistence.LiveSessions;

/// <summary>Live sessions in a real Redis.</summary>
public sealed class LiveSessionStoreTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2030, 1, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly LogLines _log = new();
    private readonly string _tokenId = Guid.NewGuid().ToString("N")[..12];
    private LoggerFactory _loggers = null!;
    private ConnectionMultiplexer _redis = null!;
    private RedisCache _redisCache = null!;
    private SignallingCache _cache = null!;
    private LiveSessionStore _store = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Key => "rabbit:session:" + _tokenId;

    public async ValueTask InitializeAsync()
    {
        ConfigurationOptions options = RedisConnection.Parse("redis://" + TestDatabase.Required("RABBIT_TEST_REDIS"));
        _redis = await ConnectionMultiplexer.ConnectAsync(options);
        _redisCache = new RedisCache(new RedisCacheOptions { ConfigurationOptions = options });
        _cache = new SignallingCache(_redisCache);
        _loggers = new LoggerFactory([_log]);
        _store = new LiveSessionStore(_cache, _time, _loggers.CreateLogger<LiveSessionStore>());
        await _store.StartAsync(Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        await _store.StopAsync(CancellationToken.None);
        _store.Dispose();
        _redisCache.Dispose();
        await _redis.DisposeAsync();
        _loggers.Dispose();
    }

    [Fact]
    public async Task Publish_Session_IsVersionedJsonWithAnExpiry()
    {
        LiveSession session = Session(epoch: 3);
        _store.Publish(session);
        Assert.Equal("set " + Key, await _cache.NextWriteAsync(Cancellation));

        IDatabase database = _redis.GetDatabase();
        TimeSpan? life = await database.KeyTimeToLiveAsync(Key);
        Assert.InRange(life!.Value, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(90));
        using JsonDocument json = JsonDocument.Parse((string)(await database.HashGetAsync(Key, "data"))!);
        Assert.Equal(1, json.RootElement.GetProperty("version").GetInt32());
        JsonElement data = json.RootElement.GetProperty("session");
        Assert.Equal(_tokenId, data.GetProperty("token_id").GetString());
        Assert.Equal(session.SessionId, data.GetProperty("session_id").GetGuid());
        Assert.Equal("192.0.2.1:4000", data.GetProperty("client_address").GetString());
        Assert.Equal(session, await FindAsync());
    }

    [Fact]
    public async Task Publish_Again_RefreshesTheExpiry()
    {
        _store.Publish(Session(1));
        await _cache.NextWriteAsync(Cancellation);
        await _redis.GetDatabase().KeyExpireAsync(Key, TimeSpan.FromSeconds(5));
        _store.Publish(Session(1));
        await _cache.NextWriteAsync(Cancellation);
        Assert.InRange((await _redis.GetDatabase().KeyTimeToLiveAsync(Key))!.Value, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(90));
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("{\"version\":1}")]
    [InlineData("{\"version\":1,\"session\":{}}")]
    [InlineData("{\"version\":1,\"session\":{\"epoch\":\"many\"}}")]
    [InlineData("{\"version\":1,\"session\":{\"client_name\":\"\\ud800\"}}")]
    public async Task Publish_OverAForeignValue_IgnoresAndRewritesIt(string foreign) => await IgnoresAndRewritesAsync(Encoding.UTF8.GetBytes(foreign));

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(1000)]
    public async Task Publish_OverAnotherVersion_IgnoresAndRewritesIt(int version) =>
        await IgnoresAndRewritesAsync(Write(Session(99)).Replace("\"version\":1", $"\"version\":{version}", StringComparison.Ordinal));

    [Fact]
    public async Task Publish_OverTruncatedJson_IgnoresAndRewritesIt()
    {
        string json = Write(Session(99));
        for (int length = 1; length < json.Length; length += 20)
            await IgnoresAndRewritesAsync(json[..length]);
    }

    [Fact]
    public async Task Publish_OverRubbish_IgnoresAndRewritesIt()
    {
        var random = new Random(4);
        foreach (int length in (int[])[1, 7, 300, 70_000])
        {
            byte[] rubbish = new byte[length];
            random.NextBytes(rubbish);
            await IgnoresAndRewritesAsync(rubbish);
        }
    }

    [Fact]
    public async Task Publish_OverAHugeValue_IgnoresAndRewritesIt()
    {
        byte[] huge = new byte[64 << 20];
        huge.AsSpan().Fill((byte)'[');
        await IgnoresAndRewritesAsync(huge);
    }

    [Fact]
    public async Task Publish_OverTheSessionOfAnotherToken_IgnoresAndRewritesIt() =>
        await IgnoresAndRewritesAsync(Write(Session(99) with { TokenId = "another" }));

    [Theory]
    [InlineData(-90)]
    [InlineData(90)]
    public async Task Publish_OverAValueThatDidNotExpire_IgnoresAndRewritesIt(int seconds) =>
        await IgnoresAndRewritesAsync(Write(Session(long.MaxValue) with { LastSeenAt = _time.GetUtcNow().AddSeconds(seconds) }));

    [Fact]
    public async Task Publish_OverAKeyOfAnotherType_IgnoresAndRewritesIt()
    {
        await _redis.GetDatabase().ListRightPushAsync(Key, "something else");
        _store.Publish(Session(1));
        Assert.Equal("remove " + Key, await _cache.NextWriteAsync(Cancellation));
        Assert.Equal("set " + Key, await _cache.NextWriteAsync(Cancellation));
        Assert.Equal(1, (await FindAsync())?.Epoch);
        Assert.Empty(_log.Lines);
    }

    [Fact]
    public async Task Remove_OwnOrOlderEpoch_IsGone()
    {
        _store.Publish(Session(4));
        await _cache.NextWriteAsync(Cancellation);
        _store.Remove(_tokenId, 4);
        Assert.Equal("remove " + Key, await _cache.NextWriteAsync(Cancellation));
        Assert.Null(await FindAsync());
    }

    [Fact]
    [Trait("Property", "P40")]
    public async Task RemoveOrPublish_ALaterEpochHasReplacedIt_ChangeNothing()
    {
        _store.Publish(Session(5));
        await _cache.NextReadAsync(Cancellation);
        Assert.Equal("set " + Key, await _cache.NextWriteAsync(Cancellation));
        _store.Remove(_tokenId, 4);
        await _cache.NextReadAsync(Cancellation);
        _store.Publish(Session(4));
        await _cache.NextReadAsync(Cancellation);

        // A token's changes are applied in order: when this one has arrived, those before it are over.
        _store.Publish(Session(6));
        Assert.Equal("set " + Key, await _cache.NextWriteAsync(Cancellation));
        Assert.Equal(6, (await FindAsync())?.Epoch);
    }

    [Fact]
    public async Task Remove_WhileTheSessionIsBeingWritten_ComesAfterIt_AndKeepsNobodyElseWaiting()
    {
        var held = new TaskCompletionSource();
        _cache.Hold(Key, held.Task);
        _store.Publish(Session(1));
        await _cache.NextReadAsync(Cancellation);
        _store.Remove(_tokenId, 1);
        string other = Guid.NewGuid().ToString("N")[..12];
        _store.Publish(Session(1) with { TokenId = other });
        Assert.Equal("set rabbit:session:" + other, await _cache.NextWriteAsync(Cancellation));

        held.SetResult();
        Assert.Equal("set " + Key, await _cache.NextWriteAsync(Cancellation));
        Assert.Equal("remove " + Key, await _cache.NextWriteAsync(Cancellation));
        Assert.Null(await FindAsync());
    }

    [Fact]
    public async Task Publish_TenThousandSessions_AreWrittenWithinOneHeartbeat()
    {
        const int Sessions = 10_000;
        for (int round = 1; round <= 2; round++)
        {
            TimeSpan cpu = Environment.CpuUsage.TotalTime;
            long started = Stopwatch.GetTimestamp();
            for (int i = 0; i < Sessions; i++)
                _store.Publish(Session(round) with { TokenId = $"{_tokenId}{i}" });
            for (int i = 0; i < Sessions; i++)
                Assert.StartsWith("set ", await _cache.NextWriteAsync(Cancellation), StringComparison.Ordinal);
            TimeSpan elapsed = Stopwatch.GetElapsedTime(started);
            TestContext.Current.TestOutputHelper?.WriteLine(
                $"Round {round}: {elapsed.TotalSeconds:0.00} s, {(Environment.CpuUsage.TotalTime - cpu).TotalSeconds:0.00} s of CPU in this process");
            Assert.InRange(elapsed, TimeSpan.Zero, new TunnelingOptions().HeartbeatInterval);
        }
        Assert.Empty(_log.Lines);
    }

    [Fact]
    public async Task Publish_RedisWasFlushedOrRestarted_WritesAgain()
    {
        await using PrivateServer redis = PrivateServer.MakeRedis();
        await redis.StartAsync();
        using var redisCache = new RedisCache(new RedisCacheOptions { ConfigurationOptions = RedisConnection.Parse(redis.RedisConnection) });
        var cache = new SignallingCache(redisCache);
        using var store = new LiveSessionStore(cache, TimeProvider.System, _loggers.CreateLogger<LiveSessionStore>());
        await store.StartAsync(Cancellation);
        store.Publish(Session(1));
        await cache.NextWriteAsync(Cancellation);

        await using (ConnectionMultiplexer admin = await ConnectionMultiplexer.ConnectAsync($"{redis.RedisConnection},allowAdmin=true"))
            await admin.GetServers()[0].FlushAllDatabasesAsync();
        store.Publish(Session(1));
        await cache.NextWriteAsync(Cancellation);

        await redis.Kill9Async();
        Task warned = _log.NextAsync("Live session data cannot be written");
        store.Publish(Session(1));
        await warned.WaitAsync(Cancellation);

        await redis.StartAsync();
        // Each look is a heartbeat; the first after the connection is back does it.
        await Eventually.BecomesAsync(
            () =>
            {
                store.Publish(Session(1));
                return cache.TryNextWrite();
            },
            written => written == "set " + Key, TimeSpan.FromSeconds(30), "the session is written again");
        await store.StopAsync(Cancellation);
    }

    [Fact]
    [Trait("Property", "P36")]
    public async Task Publish_RedisAway_IsOneWarningAndNoException()
    {
        var (host, port) = (TestDatabase.Required("RABBIT_TEST_REDIS").Split(':')[0], int.Parse(TestDatabase.Required("RABBIT_TEST_REDIS").Split(':')[1]));
        await using var line = new BreakableLine(host, port);
        using var cache = new RedisCache(new RedisCacheOptions { ConfigurationOptions = RedisConnection.Parse($"127.0.0.1:{line.Port}") });
        using var store = new LiveSessionStore(cache, TimeProvider.System, _loggers.CreateLogger<LiveSessionStore>());
        await store.StartAsync(Cancellation);
        await line.BreakAsync();
        Task warned = _log.NextAsync("Live session data cannot be written");
        for (int epoch = 1; epoch <= 1000; epoch++)
            store.Publish(Session(epoch));
        store.Remove(_tokenId, 1000);
        await warned.WaitAsync(Cancellation);

        await Assert.ThrowsAsync<StoreUnavailableException>(() => new LiveSessionReader(cache, _time).FindAsync(_tokenId, Cancellation));
        await store.StopAsync(Cancellation);
        Assert.Single(_log.Lines);
        line.Mend();
    }

    private LiveSession Session(long epoch) => new(
        Guid.Parse("0190c000-0000-7000-8000-000000000001"), _tokenId, "team", 10000, epoch, "192.0.2.1:4000", "host", "node-a",
        DateTimeOffset.UnixEpoch, _time.GetUtcNow());

    private Task<LiveSession?> FindAsync() => new LiveSessionReader(_redisCache, _time).FindAsync(_tokenId, Cancellation);

    private static string Write(LiveSession session) => Encoding.UTF8.GetString(LiveSessionJson.Write(session));

    private Task IgnoresAndRewritesAsync(string foreign) => IgnoresAndRewritesAsync(Encoding.UTF8.GetBytes(foreign));

    // Without an expiry, as a stranger might have left it.
    private async Task IgnoresAndRewritesAsync(byte[] foreign)
    {
        await _redis.GetDatabase().KeyDeleteAsync(Key);
        await _redisCache.SetAsync(Key, foreign, new(), Cancellation);
        Assert.Null(await FindAsync());
        _store.Publish(Session(1));
        Assert.Equal("set " + Key, await _cache.NextWriteAsync(Cancellation));
        Assert.Equal(Session(1), await FindAsync());
        Assert.InRange((await _redis.GetDatabase().KeyTimeToLiveAsync(Key))!.Value, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(90));
        Assert.Empty(_log.Lines);
    }
}
