using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd.Cluster;

/// <summary>
/// Redis is restarted, and is away for a while, and no visitor notices. The long form:
/// RABBIT_TEST_CLUSTER_OUTAGE_SECONDS=30 ./test.sh -class "*RedisOutageTests"
/// </summary>
[Trait("Property", "P36")]
public sealed class RedisOutageTests
{
    private static readonly TimeSpan RevokedWithin = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(1);

    private static TimeSpan Outage { get; } = TimeSpan.FromSeconds(
        int.Parse(Environment.GetEnvironmentVariable("RABBIT_TEST_CLUSTER_OUTAGE_SECONDS") ?? "9", CultureInfo.InvariantCulture));

    [Fact]
    public async Task RedisRestartedAndAway_StreamsVisitorsAndClientsGoOn_AndRevocationsReachAllWhenItIsBack()
    {
        await using ThreeNodes cluster = await ThreeNodes.StartAsync();
        await using LocalService echo = LocalService.Echo();
        await using LocalService greets = LocalService.SpeaksFirst("here"u8.ToArray());
        TestToken echoing = await cluster.Nodes[0].CreateTokenAsync();
        TestToken greeting = await cluster.Nodes[0].CreateTokenAsync();
        TestToken moving = await cluster.Nodes[0].CreateTokenAsync();
        await using TunnelClientProcess echoClient = await cluster.ConnectAsync(echoing, 0, echo);
        await using TunnelClientProcess greetClient = await cluster.ConnectAsync(greeting, 1, greets);
        TunnelClientProcess moved = await cluster.ConnectAsync(moving, 0, greets);
        await ThreeNodes.WaitForPortsAsync(echoing);
        await ThreeNodes.WaitForPortsAsync(greeting);
        await ThreeNodes.WaitForPortsAsync(moving);
        // On the owner itself, and through another node.
        using Socket near = await ThreeNodes.VisitAsync(0, echoing);
        using Socket far = await ThreeNodes.VisitAsync(2, echoing);
        int visits = 0;
        try
        {
            await EverybodyIsServedAsync();

            await cluster.Redis.Kill9Async();
            await cluster.Redis.StartAsync();
            await RepeatAsync(TimeSpan.FromSeconds(3));

            await cluster.Redis.Kill9Async();
            await RepeatAsync(Outage / 2);
            // A client that comes to another node than before.
            await moved.DisposeAsync();
            moved = await cluster.ConnectAsync(moving, 2, greets);
            Assert.Equal("here", await ThreeNodes.AskAsync(2, moving));
            await RepeatAsync(Outage / 2);

            await cluster.Redis.StartAsync();
            await RepeatAsync(TimeSpan.FromSeconds(3));
            await cluster.WaitForNodesAsync(ThreeNodes.Count);
            for (int node = 0; node < ThreeNodes.Count; node++)
                Assert.Equal("here", await ThreeNodes.AskAsync(node, moving));
            Assert.All(cluster.Nodes, node => Assert.False(node.Process.HasExited, "A node has ended itself."));

            await cluster.Nodes[1].Api.DeleteTokenAsync(echoing);
            long deleted = Stopwatch.GetTimestamp();
            await Task.WhenAll(near.EndsWithResetAsync(ThreeNodes.Soon), far.EndsWithResetAsync(ThreeNodes.Soon));
            TimeSpan took = Stopwatch.GetElapsedTime(deleted);
            TestContext.Current.TestOutputHelper?.WriteLine($"{visits} visits; after the outage a revocation took {took.TotalMilliseconds:0} ms");
            Assert.InRange(took, TimeSpan.Zero, RevokedWithin + Slack);
        }
        finally
        {
            await moved.DisposeAsync();
        }

        async Task RepeatAsync(TimeSpan time)
        {
            long began = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(began) < time)
                await EverybodyIsServedAsync();
        }

        async Task EverybodyIsServedAsync()
        {
            foreach (Socket stream in new[] { near, far })
            {
                await stream.SendAllAsync("0123456789");
                Assert.Equal("0123456789", Encoding.ASCII.GetString(await stream.ReadExactlyAsync(10, ThreeNodes.Soon)));
            }
            for (int node = 0; node < ThreeNodes.Count; node++, visits++)
                Assert.Equal("here", await ThreeNodes.AskAsync(node, greeting));
        }
    }
}
