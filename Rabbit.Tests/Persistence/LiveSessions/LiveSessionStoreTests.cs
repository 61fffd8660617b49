using System.Text.Json;
using Microsoft.Extensions.Caching.StackExchangeRedis;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Rabbit.Persistence.LiveSessions;
using Rabbit.Tests.Support;
using Rabbit.Tunneling.State;
using StackExchange.Redis;
using Xunit;

namespace Rabbit.Tests.Persistence.LiveSessions;

/// <summary>Live sessions in a real Redis.</summary>
public sealed class LiveSessionStoreTests : IAsyncLifetime
{
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
        _store = new LiveSessionStore(_cache, new FakeTimeProvider(), _loggers.CreateLogger<LiveSessionStore>());
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
    [InlineData("{\"version\":2,\"session\":{\"epoch\":99}}")]
    public async Task Publish_OverAForeignValue_IgnoresAndRewritesIt(string foreign)
    {
        await _redisCache.SetAsync(Key, System.Text.Encoding.UTF8.GetBytes(foreign), new(), Cancellation);
        Assert.Null(await FindAsync());
        _store.Publish(Session(1));
        Assert.Equal("set " + Key, await _cache.NextWriteAsync(Cancellation));
        Assert.Equal(Session(1).Port, (await FindAsync())?.Port);
        Assert.Empty(_log.Lines);
    }

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
        await _cache.NextWriteAsync(Cancellation);
        _store.Remove(_tokenId, 4);
        await BarrierAsync();
        Assert.Equal(5, (await FindAsync())?.Epoch);
        _store.Publish(Session(4));
        await BarrierAsync();
        Assert.Equal(5, (await FindAsync())?.Epoch);
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

        await Assert.ThrowsAsync<StoreUnavailableException>(() => new LiveSessionReader(cache).FindAsync(_tokenId, Cancellation));
        await store.StopAsync(Cancellation);
        Assert.Single(_log.Lines);
        line.Mend();
    }

    private LiveSession Session(long epoch) => new(
        Guid.Parse("0190c000-0000-7000-8000-000000000001"), _tokenId, "team", 10000, epoch, "192.0.2.1:4000", "host", "node-a",
        DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddSeconds(15));

    private Task<LiveSession?> FindAsync() => new LiveSessionReader(_redisCache).FindAsync(_tokenId, Cancellation);

    // Changes are applied in order, so that when this one has arrived, those before it are over.
    private async Task BarrierAsync()
    {
        string other = Guid.NewGuid().ToString("N")[..12];
        _store.Publish(Session(1) with { TokenId = other });
        Assert.Equal("set rabbit:session:" + other, await _cache.NextWriteAsync(Cancellation));
    }
}
