using System.Collections.Concurrent;
using System.Diagnostics;
using Rabbit.Tests.Support;
using Rabbit.Tunneling.Cluster;
using Rabbit.Tunneling.State;
using Xunit;

namespace Rabbit.Tests.Persistence.Cluster;

public sealed class ClaimTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Claim_ManyAtOnceOnSeveralNodes_NoEpochTwiceAndTheLastOneServes()
    {
        await using ClusterRig cluster = await ClusterRig.StartAsync();
        NodeRig[] nodes = [await cluster.AddNodeAsync("a"), await cluster.AddNodeAsync("b"), await cluster.AddNodeAsync("c")];
        TokenRecord token = await cluster.CreateTokenAsync();
        var won = new ConcurrentBag<long>();

        // Each client names the session that it had, so that none waits long; they come from all nodes at once.
        await Parallel.ForEachAsync(Enumerable.Range(0, 90), new ParallelOptions { MaxDegreeOfParallelism = 12, CancellationToken = Cancellation }, async (i, _) =>
        {
            NodeRig node = nodes[i % nodes.Length];
            Claim claim = await node.Directory.ClaimAsync(token, Guid.Empty, Cancellation);
            if (claim.Superseded)
                return;
            won.Add(claim.Epoch);
            node.Publish(token, claim.Epoch);
        });

        Assert.Equal(won.Count, won.Distinct().Count());
        long last = won.Max();
        // Whoever has the highest epoch serves, and nobody else.
        await Eventually.BecomesAsync(
            async () =>
            {
                var serving = new List<long>();
                foreach (NodeRig node in nodes)
                {
                    foreach (long epoch in won)
                    {
                        if (await node.Directory.ConfirmAsync(token.TokenId, epoch))
                            serving.Add(epoch);
                    }
                }
                return serving;
            },
            serving => serving.Count == 1 && serving[0] == last, TimeSpan.FromSeconds(10), $"only {last} serves");
        foreach (NodeRig node in nodes)
            await Eventually.BecomesAsync(() => node.Shared.Find(token.TokenId)?.Epoch, epoch => epoch == last, TimeSpan.FromSeconds(5), "all see it");
    }

    [Fact]
    public async Task Claim_BySameClient_DoesNotWaitForADeadNode()
    {
        await using ClusterRig cluster = await ClusterRig.StartAsync();
        NodeRig first = await cluster.AddNodeAsync("a", isServing: false), second = await cluster.AddNodeAsync("b");
        TokenRecord token = await cluster.CreateTokenAsync();
        TunnelRoute route = await first.ServeAsync(token);
        await second.SeesAsync(token, route);

        var watch = Stopwatch.StartNew();
        TunnelRoute next = await second.ServeAsync(token, lastSession: route.SessionId);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(1), $"The client waited for {watch.Elapsed}.");
        Assert.True(next.Epoch > route.Epoch);
        await first.SeesAsync(token, next);
        Assert.False(await first.Directory.ConfirmAsync(token.TokenId, route.Epoch));
        Assert.True(await second.Directory.ConfirmAsync(token.TokenId, next.Epoch));
    }

    [Fact]
    public async Task Claim_ByAnotherClient_WaitsUntilTheOwnerHasLetGo()
    {
        await using ClusterRig cluster = await ClusterRig.StartAsync();
        NodeRig first = await cluster.AddNodeAsync("a", isServing: false), second = await cluster.AddNodeAsync("b");
        TokenRecord token = await cluster.CreateTokenAsync();
        TunnelRoute route = await first.ServeAsync(token);

        var watch = Stopwatch.StartNew();
        Task<Claim> claiming = second.Directory.ClaimAsync(token, Guid.NewGuid(), Cancellation).AsTask();
        // The owner hears that somebody wants the tunnel, and knows that it is lost.
        Assert.Equal(token.TokenId, await first.Directory.Changed.ReadAsync(Cancellation));
        Assert.False(await first.Directory.ConfirmAsync(token.TokenId, route.Epoch));
        Assert.False(claiming.IsCompleted);

        first.Directory.Release(token.TokenId, route.Epoch);
        Claim claim = await claiming;
        Assert.False(claim.Superseded);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(2), $"The client waited for {watch.Elapsed}.");
    }

    [Fact]
    public async Task Claim_OwnerDoesNotLetGo_WaitsForTheEndOfItsLeaseAndNoLonger()
    {
        await using ClusterRig cluster = await ClusterRig.StartAsync();
        NodeRig first = await cluster.AddNodeAsync("a", isServing: false), second = await cluster.AddNodeAsync("b");
        TokenRecord token = await cluster.CreateTokenAsync();
        await first.ServeAsync(token);

        var watch = Stopwatch.StartNew();
        Claim claim = await second.Directory.ClaimAsync(token, Guid.NewGuid(), Cancellation);
        Assert.False(claim.Superseded);
        Assert.InRange(watch.Elapsed, TimeSpan.FromSeconds(2.5), TimeSpan.FromSeconds(5.6));
    }

    [Fact]
    public async Task Claim_OvertakenWhileItWaits_IsSuperseded_AndTheLaterOneWaitsForTheOwnerAsWell()
    {
        await using ClusterRig cluster = await ClusterRig.StartAsync();
        NodeRig owner = await cluster.AddNodeAsync("a", isServing: false), second = await cluster.AddNodeAsync("b"), third = await cluster.AddNodeAsync("c");
        TokenRecord token = await cluster.CreateTokenAsync();
        TunnelRoute route = await owner.ServeAsync(token);
        Task<Claim> overtaken = second.Directory.ClaimAsync(token, Guid.NewGuid(), Cancellation).AsTask();
        await owner.Directory.Changed.ReadAsync(Cancellation);

        Task<Claim> later = third.Directory.ClaimAsync(token, Guid.NewGuid(), Cancellation).AsTask();
        Assert.True((await overtaken).Superseded);
        // Who overtook it must not serve before the owner has let go, either.
        await Task.WhenAny(later, Task.Delay(TimeSpan.FromSeconds(1), Cancellation));
        Assert.False(later.IsCompleted);
        owner.Directory.Release(token.TokenId, route.Epoch);
        Assert.False((await later).Superseded);
    }

    [Fact]
    public async Task Claim_DatabaseAway_ThrowsAndChangesNothing()
    {
        await using ClusterRig cluster = await ClusterRig.StartAsync();
        var (line, connection) = cluster.DatabaseLine();
        NodeRig first = await cluster.AddNodeAsync("a"), second = await cluster.AddNodeAsync("b", database: connection);
        TokenRecord token = await cluster.CreateTokenAsync();
        TunnelRoute route = await first.ServeAsync(token);
        await line.BreakAsync();
        await Assert.ThrowsAsync<StoreUnavailableException>(() => second.Directory.ClaimAsync(token, Guid.NewGuid(), Cancellation).AsTask());
        Assert.True(await first.Directory.ConfirmAsync(token.TokenId, route.Epoch));
        line.Mend();
        Claim claim = await Eventually.BecomesAsync(
            async () => await TryAsync(second, token), claim => claim.Epoch > 0, TimeSpan.FromSeconds(10), "the database is back");
        Assert.False(claim.Superseded);
    }

    [Fact]
    public async Task Claim_GivenUpByItsClient_LeavesTheWayFree()
    {
        await using ClusterRig cluster = await ClusterRig.StartAsync();
        NodeRig owner = await cluster.AddNodeAsync("a", isServing: false), second = await cluster.AddNodeAsync("b"), third = await cluster.AddNodeAsync("c");
        TokenRecord token = await cluster.CreateTokenAsync();
        TunnelRoute route = await owner.ServeAsync(token);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        Task<Claim> waiting = second.Directory.ClaimAsync(token, Guid.NewGuid(), deadline.Token).AsTask();
        await owner.Directory.Changed.ReadAsync(Cancellation);
        await deadline.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);

        owner.Directory.Release(token.TokenId, route.Epoch);
        var watch = Stopwatch.StartNew();
        Assert.False((await third.Directory.ClaimAsync(token, Guid.NewGuid(), Cancellation)).Superseded);
        // Nobody can tell it what the claim in between had come to.
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5.6), $"The client waited for {watch.Elapsed}.");
    }

    private static async Task<Claim> TryAsync(NodeRig node, TokenRecord token)
    {
        try
        {
            return await node.Directory.ClaimAsync(token, Guid.NewGuid(), Cancellation);
        }
        catch (StoreUnavailableException)
        {
            return default;
        }
    }
}
