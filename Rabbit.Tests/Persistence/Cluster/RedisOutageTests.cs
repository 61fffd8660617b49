using Rabbit.Persistence.Cluster;
using Rabbit.Tests.Support;
using Rabbit.Tunneling.Cluster;
using Rabbit.Tunneling.State;
using StackExchange.Redis;
using Xunit;
using ClusterNode = Rabbit.Tunneling.Cluster.ClusterNode;

namespace Rabbit.Tests.Persistence.Cluster;

public sealed class RedisOutageTests
{
    private const string Away = "Redis, which tells this node of the others, does not answer";
    private const string Back = "Redis answers again, and the nodes hear of each other";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Redis_KilledAndStartedEmpty_EndsNothing_AndIsFilledAgain()
    {
        await using ClusterRig cluster = await ClusterRig.StartAsync();
        NodeRig owner = await cluster.AddNodeAsync("a"), other = await cluster.AddNodeAsync("b", isServing: false);
        TokenRecord token = await cluster.CreateTokenAsync(), later = await cluster.CreateTokenAsync();
        TunnelRoute route = await owner.ServeAsync(token);
        await other.SeesAsync(token, route);
        while (other.Directory.Changed.TryRead(out _))
            continue;

        Task away = owner.Log.NextAsync(Away), back = owner.Log.NextAsync(Back);
        await cluster.Redis.Kill9Async();
        await away.WaitAsync(TimeSpan.FromSeconds(10), Cancellation);
        // Longer than leases and confirmations last.
        for (int i = 0; i < 14; i++)
        {
            Assert.True(await owner.Directory.ConfirmAsync(token.TokenId, route.Epoch));
            Assert.Equal(route, other.Shared.Find(token.TokenId));
            await Task.Delay(500, Cancellation);
        }
        // Logins go on too: nobody else has this tunnel.
        TunnelRoute made = await owner.ServeAsync(later);
        Assert.True(await owner.Directory.ConfirmAsync(later.TokenId, made.Epoch));

        await cluster.Redis.StartAsync();
        await back.WaitAsync(TimeSpan.FromSeconds(20), Cancellation);
        await other.SeesAsync(later, made, withinSeconds: 10);
        await using ConnectionMultiplexer redis = await ConnectionMultiplexer.ConnectAsync(cluster.Redis.RedisConnection);
        await Eventually.BecomesAsync(
            () => redis.GetDatabase().HashLengthAsync("rabbit:routes"), length => length == 2, TimeSpan.FromSeconds(10), "both are in the index");
        await Task.Delay(RouteStore.Lease * 1.5, Cancellation); // And when everything is trusted again.
        Assert.Equal(route, other.Shared.Find(token.TokenId));
        var changed = new List<string>();
        while (other.Directory.Changed.TryRead(out string? tokenId))
            changed.Add(tokenId);
        Assert.Equal([later.TokenId], changed);
        Assert.Single(owner.Log.Lines, line => line.Contains(Away, StringComparison.Ordinal));
        Assert.Single(owner.Log.Lines, line => line.Contains(Back, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Redis_AwayAtTheStart_NodesComeTogetherWhenItIsThere()
    {
        await using ClusterRig cluster = await ClusterRig.StartAsync();
        await cluster.Redis.Kill9Async();
        NodeRig first = await cluster.AddNodeAsync("a"), second = await cluster.AddNodeAsync("b");
        TokenRecord token = await cluster.CreateTokenAsync();
        TunnelRoute route = await first.ServeAsync(token);
        Assert.True(await first.Directory.ConfirmAsync(token.TokenId, route.Epoch));
        await cluster.Redis.StartAsync();
        await second.SeesAsync(token, route, withinSeconds: 20);
    }

    [Fact]
    public async Task Both_Away_TheOwnerServesOn()
    {
        await using ClusterRig cluster = await ClusterRig.StartAsync();
        BreakableLine redisLine = cluster.RedisLine();
        var (databaseLine, connection) = cluster.DatabaseLine();
        NodeRig owner = await cluster.AddNodeAsync("a", $"127.0.0.1:{redisLine.Port}", connection);
        TokenRecord token = await cluster.CreateTokenAsync();
        TunnelRoute route = await owner.ServeAsync(token);
        await redisLine.BreakAsync();
        await databaseLine.BreakAsync();
        for (int i = 0; i < 14; i++)
        {
            Assert.True(await owner.Directory.ConfirmAsync(token.TokenId, route.Epoch));
            await Task.Delay(500, Cancellation);
        }
        redisLine.Mend();
        databaseLine.Mend();
        await Eventually.BecomesAsync(
            () => owner.Log.Lines.Any(line => line.Contains(Back, StringComparison.Ordinal)), back => back, TimeSpan.FromSeconds(20), "Redis is back");
        Assert.True(await owner.Directory.ConfirmAsync(token.TokenId, route.Epoch));
    }

    [Fact]
    public async Task Hint_Lost_RouteIsSeenWithinTwoSeconds()
    {
        await using ClusterRig cluster = await ClusterRig.StartAsync();
        NodeRig first = await cluster.AddNodeAsync("a");
        TokenRecord token = await cluster.CreateTokenAsync();
        await using ConnectionMultiplexer redis = await ConnectionMultiplexer.ConnectAsync(cluster.Redis.RedisConnection);
        IDatabase database = redis.GetDatabase();
        // As the scripts do it, but nobody is told.
        ClusterNode node = first.Shared.Self with { Name = "b", Run = Guid.NewGuid() };
        await database.SetAddAsync("rabbit:nodes", node.Name);
        await database.StringSetAsync($"rabbit:node:{node.Name}", NodeJson.Write(node), TimeSpan.FromMinutes(1));
        await Eventually.BecomesAsync(() => first.Shared.Nodes.Count, count => count == 2, TimeSpan.FromSeconds(3), "it sees the other");
        var route = new TunnelRoute(token.TokenId, token.Port, 7, Guid.NewGuid(), node.Name, node.Run, TakesChannelsElsewhere: false);
        await database.StringSetAsync($"rabbit:route:{token.TokenId}", RouteJson.Write(route), TimeSpan.FromMinutes(1));
        await database.HashSetAsync("rabbit:routes", token.TokenId, RouteJson.Write(route));
        await database.StringIncrementAsync("rabbit:routes:version");
        await first.SeesAsync(token, route, withinSeconds: 2.1);
        await database.HashDeleteAsync("rabbit:routes", token.TokenId);
        await database.StringIncrementAsync("rabbit:routes:version");
        await first.SeesAsync(token, null, withinSeconds: 2.1);
    }
}
