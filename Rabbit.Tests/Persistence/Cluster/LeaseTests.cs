using System.Diagnostics;
using System.Globalization;
using Rabbit.Persistence.Cluster;
using Rabbit.Tests.Support;
using Rabbit.Tunneling.Cluster;
using Rabbit.Tunneling.State;
using StackExchange.Redis;
using Xunit;

namespace Rabbit.Tests.Persistence.Cluster;

public sealed class LeaseTests(ITestOutputHelper output)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Lease_OfALiveNode_IsRenewedAndCompared()
    {
        await using ClusterRig cluster = await ClusterRig.StartAsync();
        NodeRig node = await cluster.AddNodeAsync("a");
        TokenRecord token = await cluster.CreateTokenAsync();
        TunnelRoute route = await node.ServeAsync(token);
        await using ConnectionMultiplexer redis = await ConnectionMultiplexer.ConnectAsync(cluster.Redis.RedisConnection);
        IDatabase database = redis.GetDatabase();
        string key = $"rabbit:route:{token.TokenId}";
        await Task.Delay(RouteStore.Lease + TimeSpan.FromSeconds(1), Cancellation); // Longer than one lease lasts.
        Assert.InRange((await database.KeyTimeToLiveAsync(key))!.Value, TimeSpan.FromSeconds(2), RouteStore.Lease);
        Assert.True(await node.Directory.ConfirmAsync(token.TokenId, route.Epoch));

        // Somebody newer, of whom no hint tells.
        await database.StringSetAsync(key, RouteJson.Write(route with { Epoch = route.Epoch + 1, Node = "b", Run = Guid.NewGuid() }), RouteStore.Lease * 2);
        await Eventually.BecomesAsync(
            async () => await node.Directory.ConfirmAsync(token.TokenId, route.Epoch), confirmed => !confirmed, TimeSpan.FromSeconds(3), "it is lost");
        Assert.Contains("b", (await database.StringGetAsync(key)).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lease_OfANodeThatIsGone_RunsOut_AndItsRoutesGoWithIt()
    {
        await using ClusterRig cluster = await ClusterRig.StartAsync();
        BreakableLine line = cluster.RedisLine();
        NodeRig gone = await cluster.AddNodeAsync("a", redis: $"127.0.0.1:{line.Port}"), other = await cluster.AddNodeAsync("b", isServing: false);
        TokenRecord token = await cluster.CreateTokenAsync();
        TunnelRoute route = await gone.ServeAsync(token);
        await other.SeesAsync(token, route);
        Assert.Equal(["a", "b"], other.Shared.Nodes.Select(node => node.Name).Order());

        await line.BreakAsync();
        await other.SeesAsync(token, null, withinSeconds: 8);
        Assert.Equal("b", Assert.Single(other.Shared.Nodes).Name);
        Assert.Empty(other.Shared.Routes);
        line.Mend();
        await other.SeesAsync(token, route, withinSeconds: 10);
    }

    [Fact]
    public async Task Confirm_AfterTheLeaseRanOutWhileAnotherClaimed_IsFalse()
    {
        await using ClusterRig cluster = await ClusterRig.StartAsync();
        BreakableLine redisLine = cluster.RedisLine();
        var (databaseLine, connection) = cluster.DatabaseLine();
        NodeRig paused = await cluster.AddNodeAsync("a", $"127.0.0.1:{redisLine.Port}", connection, isServing: false), other = await cluster.AddNodeAsync("b");
        TokenRecord token = await cluster.CreateTokenAsync();
        TunnelRoute route = await paused.ServeAsync(token);
        await Eventually.BecomesAsync(() => other.Shared.Find(token.TokenId), seen => seen == route, TimeSpan.FromSeconds(3), "it is told");
        await redisLine.BreakAsync();
        await databaseLine.BreakAsync();
        await other.ServeAsync(token);
        redisLine.Mend();
        databaseLine.Mend();
        await Eventually.BecomesAsync(
            async () => await paused.Directory.ConfirmAsync(token.TokenId, route.Epoch), confirmed => !confirmed, TimeSpan.FromSeconds(5), "it may not serve");
    }

    [Fact]
    public async Task Confirm_WithoutRedis_HoldsByTheDatabase_UntilAnotherHasClaimed_WhichWaitsForThat()
    {
        await using ClusterRig cluster = await ClusterRig.StartAsync();
        BreakableLine line = cluster.RedisLine();
        NodeRig cut = await cluster.AddNodeAsync("a", $"127.0.0.1:{line.Port}", isServing: false), other = await cluster.AddNodeAsync("b");
        TokenRecord token = await cluster.CreateTokenAsync();
        TunnelRoute route = await cut.ServeAsync(token);
        await cluster.StoreAsync(new SessionChange.Opened(new SessionRecord(
            route.SessionId, token.TokenId, token.Port, route.Epoch, SessionProtocol.Native, "127.0.0.1:1", "", "", 0, "a", DateTimeOffset.UnixEpoch)));
        await line.BreakAsync();
        await other.SeesAsync(token, null, withinSeconds: 8);
        Assert.True(await cut.Directory.ConfirmAsync(token.TokenId, route.Epoch));

        long raised = Stopwatch.GetTimestamp();
        Task<Claim> claiming = other.Directory.ClaimAsync(token, Guid.NewGuid(), Cancellation).AsTask();
        TimeSpan served = TimeSpan.Zero;
        while (await cut.Directory.ConfirmAsync(token.TokenId, route.Epoch))
        {
            served = Stopwatch.GetElapsedTime(raised);
            Assert.False(claiming.IsCompleted, $"Two nodes served, {served} after the claim began.");
            await Task.Delay(10, Cancellation);
        }
        Assert.False((await claiming).Superseded);
        output.WriteLine($"The node without Redis served for {served.TotalSeconds:0.00} s more; the other one owned the tunnel after {Stopwatch.GetElapsedTime(raised).TotalSeconds:0.00} s.");
    }

    [Fact]
    public async Task Confirm_WhileConfirmed_CostsNothingToSpeakOf()
    {
        await using ClusterRig cluster = await ClusterRig.StartAsync();
        NodeRig node = await cluster.AddNodeAsync("a");
        TokenRecord token = await cluster.CreateTokenAsync();
        TunnelRoute route = await node.ServeAsync(token);
        ITunnelDirectory directory = node.Shared;
        const int Calls = 200_000;
        double confirm = await MeasureAsync(() => directory.ConfirmAsync(token.TokenId, route.Epoch).AsTask().IsCompletedSuccessfully);
        double find = await MeasureAsync(() => directory.Find(token.TokenId) is not null);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"ConfirmAsync {confirm:0.000} us, Find {find:0.000} us"));
        Assert.True(confirm < 20, $"ConfirmAsync took {confirm} us.");
        Assert.True(find < 20, $"Find took {find} us.");

        static Task<double> MeasureAsync(Func<bool> act) => Task.Run(() =>
        {
            for (int i = 0; i < Calls / 10; i++)
                act();
            long started = Stopwatch.GetTimestamp();
            int done = 0;
            for (int i = 0; i < Calls; i++)
                done += act() ? 1 : 0;
            double each = Stopwatch.GetElapsedTime(started).TotalMicroseconds / Calls;
            // A question or two may have come between, on a machine with much to do.
            Assert.InRange(done, Calls - 10, Calls);
            return each;
        });
    }

    [Fact]
    public async Task Start_SecondLiveNodeOfTheName_EndsWithASentence_AndOneThatWasKilledIsWaitedFor()
    {
        await using ClusterRig cluster = await ClusterRig.StartAsync();
        BreakableLine line = cluster.RedisLine();
        NodeRig first = await cluster.AddNodeAsync("a", $"127.0.0.1:{line.Port}");
        var refused = await Assert.ThrowsAsync<StoreUnavailableException>(() => cluster.AddNodeAsync("a"));
        Assert.Equal("Another live node of the cluster has the name a; give each node a name of its own with --node.", refused.Message);
        Assert.False(refused.Passes);

        await line.BreakAsync();
        NodeRig second = await cluster.AddNodeAsync("a");
        Assert.Equal(second.Shared.Self.Run, Assert.Single(second.Shared.Nodes).Run);
        Assert.NotEqual(first.Shared.Self.Run, second.Shared.Self.Run);
    }

    [Fact]
    public async Task Stop_EndsTheNodesLeaseAndRoutesAtOnce()
    {
        await using ClusterRig cluster = await ClusterRig.StartAsync();
        NodeRig leaving = await cluster.AddNodeAsync("a"), other = await cluster.AddNodeAsync("b");
        TokenRecord token = await cluster.CreateTokenAsync();
        TunnelRoute route = await leaving.ServeAsync(token);
        await other.SeesAsync(token, route);
        leaving.Directory.Release(token.TokenId, route.Epoch);
        await leaving.StopAsync();
        await other.SeesAsync(token, null);
        await Eventually.BecomesAsync(() => other.Shared.Nodes.Count, count => count == 1, TimeSpan.FromSeconds(2.5), "the node has left");
    }
}
