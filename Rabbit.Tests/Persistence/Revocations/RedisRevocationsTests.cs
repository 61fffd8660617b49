using Microsoft.Extensions.Logging;
using Rabbit.Persistence.Redis;
using Rabbit.Persistence.Revocations;
using Rabbit.Tests.Support;
using Rabbit.Tests.Telemetry;
using Rabbit.Tunneling.State;
using StackExchange.Redis;
using Xunit;

namespace Rabbit.Tests.Persistence.Revocations;

/// <summary>Revocations through a real Redis, which other tests use at the same time: only ids made here count.</summary>
public sealed class RedisRevocationsTests : IAsyncDisposable
{
    private readonly List<(RedisRevocations Revocations, RedisLink Link)> _servers = [];
    private readonly LogLines _log = new();
    private readonly LoggerFactory _loggers;

    public RedisRevocationsTests() => _loggers = new LoggerFactory([_log]);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        foreach (var (revocations, link) in _servers)
        {
            await revocations.StopAsync(CancellationToken.None);
            revocations.Dispose();
            link.Dispose();
        }
        _loggers.Dispose();
    }

    [Fact]
    [Trait("Property", "P09")]
    public async Task Publish_Token_IsHeardByOtherServers()
    {
        RedisRevocations one = await ListeningAsync(TestServers.Redis);
        RedisRevocations other = await ListeningAsync(TestServers.Redis);
        HashSet<string> tokens = [.. Enumerable.Range(0, 1000).Select(_ => NewId())];
        foreach (string token in tokens)
            one.Publish(token);
        // In any order: the library hands messages to several threads.
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        deadline.CancelAfter(TimeSpan.FromSeconds(30));
        while (tokens.Count > 0)
            tokens.Remove((await other.Heard.ReadAsync(deadline.Token)).TokenId ?? "");
        Assert.Empty(_log.Lines);
    }

    [Fact]
    public async Task Hear_ForeignOrMalformedMessages_AreIgnored()
    {
        RedisRevocations server = await ListeningAsync(TestServers.Redis);
        string token = NewId();
        await using ConnectionMultiplexer stranger = await ConnectionMultiplexer.ConnectAsync(TestServers.Redis);
        byte[] good = RevocationJson.Write(token);
        byte[][] messages =
        [
            [], [0], [0xff, 0xfe, 0x00], "null"u8.ToArray(), "{}"u8.ToArray(), "[1]"u8.ToArray(), "\"text\""u8.ToArray(), good[..^3],
            """{"version":1}"""u8.ToArray(), """{"version":1,"token_id":null}"""u8.ToArray(), """{"version":1,"token_id":7}"""u8.ToArray(),
            """{"version":2,"token_id":"fromthefuture"}"""u8.ToArray(), """{"version":0,"token_id":"fromthepast"}"""u8.ToArray(),
            """{"version":1,"token_id":""}"""u8.ToArray(), """{"version":1,"token_id":"zero\u0000"}"""u8.ToArray(),
            """{"version":1,"token_id":"\ud800"}"""u8.ToArray(), """{"version":1,"token_id":"a b"}"""u8.ToArray(),
            [.. "{\"version\":1,\"token_id\":\""u8, .. Enumerable.Repeat((byte)'a', 65), .. "\"}"u8],
            [.. good, .. Enumerable.Repeat((byte)' ', 2000)], new byte[8 << 20],
        ];
        foreach (byte[] message in messages)
            Assert.True(await stranger.GetSubscriber().PublishAsync(RedisChannel.Literal("rabbit:revocations"), message) > 0);
        await stranger.GetSubscriber().PublishAsync(RedisChannel.Literal("rabbit:revocations"), good);

        IReadOnlyList<Revocation> heard = await HearsAsync(server, token);
        Assert.DoesNotContain(heard, revocation => revocation.TokenId is null or "" or "fromthefuture" or "fromthepast" or "a b" or ['z', 'e', 'r', 'o', ..] || revocation.TokenId.Length > 64);
    }

    [Fact]
    public async Task Redis_ComesBack_MeansThatAnyMayHaveBeenMissed_AndIsHeardAgain()
    {
        await using BreakableLine line = Line();
        RedisRevocations server = await ListeningAsync($"127.0.0.1:{line.Port}");
        await line.BreakAsync();
        line.Mend();
        await HearsAsync(server, null);
        await HearsSoonAsync(server);
    }

    [Fact]
    [Trait("Property", "P36")]
    public async Task Start_RedisAway_ReturnsAtOnce_AndListensWhenItComes()
    {
        await using BreakableLine line = Line();
        await line.BreakAsync();
        Task warned = _log.NextAsync("Redis cannot carry revocations");
        RedisRevocations server = await StartAsync($"127.0.0.1:{line.Port}");
        await warned.WaitAsync(Cancellation);
        for (int i = 0; i < 100; i++)
            server.Publish(NewId());
        line.Mend();
        await HearsAsync(server, null);
        await HearsSoonAsync(server);
        Assert.Single(_log.Lines);
    }

    private static BreakableLine Line()
    {
        string[] redis = TestServers.Redis.Split(':');
        return new BreakableLine(redis[0], int.Parse(redis[1], null));
    }

    private static string NewId() => Guid.NewGuid().ToString("N")[..12];

    private async Task<RedisRevocations> StartAsync(string redis)
    {
        var link = new RedisLink(RedisConnection.Parse(redis));
        var revocations = new RedisRevocations(link, UnheardMetrics.OfPersistence(), TimeProvider.System, _loggers.CreateLogger<RedisRevocations>());
        _servers.Add((revocations, link));
        await revocations.StartAsync(Cancellation);
        return revocations;
    }

    // It hears what it says itself, too.
    private async Task<RedisRevocations> ListeningAsync(string redis)
    {
        RedisRevocations server = await StartAsync(redis);
        await HearsSoonAsync(server);
        return server;
    }

    private static Task<bool> HearsSoonAsync(RedisRevocations server)
    {
        string token = NewId();
        return Eventually.BecomesAsync(
            () =>
            {
                server.Publish(token);
                while (server.Heard.TryRead(out Revocation revocation))
                {
                    if (revocation.TokenId == token)
                        return true;
                }
                return false;
            },
            heard => heard, TimeSpan.FromSeconds(30), "the server hears what is published");
    }

    /// <summary>Everything heard until it hears of this.</summary>
    private static async Task<IReadOnlyList<Revocation>> HearsAsync(RedisRevocations server, string? tokenId)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        deadline.CancelAfter(TimeSpan.FromSeconds(30));
        var heard = new List<Revocation>();
        do
        {
            heard.Add(await server.Heard.ReadAsync(deadline.Token));
        }
        while (heard[^1].TokenId != tokenId);
        return heard;
    }
}
