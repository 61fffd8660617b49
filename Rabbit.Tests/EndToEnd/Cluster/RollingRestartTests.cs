using System.Collections.Concurrent;
using System.Net.Sockets;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd.Cluster;

/// <summary>Every node is restarted, one after the other, while visitors come through haproxy.</summary>
public sealed class RollingRestartTests
{
    private const int VisitorsAtOnce = 4;
    private const int VisitsBetween = 50;

    [Fact]
    [Trait("Property", "P23")]
    public async Task AllNodesRestarted_NoVisitorFails()
    {
        await using ThreeNodes cluster = await ThreeNodes.StartAsync((_, _) => [("RABBIT_DRAIN_LIMIT", "00:00:15")]);
        await using LocalService service = LocalService.SpeaksFirst("here"u8.ToArray());
        TestToken token = await cluster.Nodes[0].CreateTokenAsync();
        await using TunnelClientProcess client = await cluster.ConnectAsync(token, ThreeNodes.Balancer, service);
        await ThreeNodes.WaitForPortsAsync(token);
        await client.WaitForStandbyAsync();
        var failures = new ConcurrentQueue<string>();
        int visits = 0;
        using var stop = new CancellationTokenSource();
        Task visiting = Task.WhenAll(Enumerable.Range(0, VisitorsAtOnce).Select(_ => RepeatAsync()));
        for (int node = 0; node < ThreeNodes.Count; node++)
        {
            await SeeMoreAsync();
            cluster.Nodes[node].Process.Send(Signal.Term);
            Assert.Equal(0, await cluster.Nodes[node].Process.WaitForExitAsync(ThreeNodes.Soon));
            await SeeMoreAsync();
            await cluster.RestartAsync(node);
            await cluster.WaitForNodesAsync(ThreeNodes.Count);
            await client.WaitForStandbyAsync();
            await ThreeNodes.WaitForPortsAsync(token);
        }
        await SeeMoreAsync();
        await stop.CancelAsync();
        await visiting;
        TestContext.Current.TestOutputHelper?.WriteLine($"{visits} visitors through three restarts, {failures.Count} failed");
        Assert.True(failures.IsEmpty, $"{failures.Count} of {visits} failed: {string.Join('\n', failures.Distinct().Take(20))}");

        Task SeeMoreAsync()
        {
            int from = Volatile.Read(ref visits);
            return Eventually.BecomesAsync(() => Volatile.Read(ref visits), seen => seen >= from + VisitsBetween, ThreeNodes.Soon, "more visitors came");
        }

        async Task RepeatAsync()
        {
            while (!stop.IsCancellationRequested)
            {
                try
                {
                    string answer = await ThreeNodes.AskAsync(ThreeNodes.Balancer, token);
                    if (answer != "here")
                        failures.Enqueue($"answered '{answer}'");
                }
                catch (SocketException e)
                {
                    failures.Enqueue($"{e.SocketErrorCode}");
                }
                Interlocked.Increment(ref visits);
            }
        }
    }
}
