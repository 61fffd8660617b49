using System.Net.Sockets;
using System.Text;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd.Cluster;

/// <summary>A node stands still for longer than it may own a tunnel, and another client takes the tunnel over elsewhere meanwhile.</summary>
public sealed class PausedOwnerTests
{
    private const int VisitorsInTheQueue = 20;

    [Fact]
    [Trait("Property", "P40")]
    public async Task OwnerStoppedBeyondItsLease_ServesNotOneVisitorByItsOldSession()
    {
        await using ThreeNodes cluster = await ThreeNodes.StartAsync();
        await using LocalService old = LocalService.SpeaksFirst("the old service"u8.ToArray());
        await using LocalService current = LocalService.SpeaksFirst("the new service"u8.ToArray());
        TestToken token = await cluster.Nodes[0].CreateTokenAsync();
        await using TunnelClientProcess first = await cluster.ConnectAsync(token, 0, old, "--no-standby");
        await ThreeNodes.WaitForPortsAsync(token);
        for (int node = 0; node < ThreeNodes.Count; node++)
            Assert.Equal("the old service", await ThreeNodes.AskAsync(node, token));

        cluster.Nodes[0].Process.Send(Signal.Stop);
        var waiting = new List<Socket>();
        try
        {
            for (int i = 0; i < VisitorsInTheQueue / 2; i++)
                waiting.Add(await ThreeNodes.VisitAsync(0, token));
            await using TunnelClientProcess second = await cluster.ConnectAsync(token, 1, current, "--no-standby");
            await cluster.WaitForOwnerAsync(token, 1, except: 0);
            Assert.Equal("the new service", await ThreeNodes.AskAsync(1, token));
            Assert.Equal("the new service", await ThreeNodes.AskAsync(2, token));
            while (waiting.Count < VisitorsInTheQueue)
                waiting.Add(await ThreeNodes.VisitAsync(0, token));

            cluster.Nodes[0].Process.Send(Signal.Continue);
            // Those in its queue, and a burst of others in the very moment in which it wakes.
            Task<string>[] burst = [.. Enumerable.Range(0, VisitorsInTheQueue).Select(_ => ThreeNodes.AskAsync(0, token))];
            foreach (Socket visitor in waiting)
                Assert.Equal("the new service", Encoding.ASCII.GetString(await visitor.ReadToEndAsync(ThreeNodes.Soon)));
            Assert.All(await Task.WhenAll(burst), answer => Assert.Equal("the new service", answer));
            await first.Process.WaitForLineAsync("Another client", ThreeNodes.Soon);
        }
        finally
        {
            cluster.Nodes[0].Process.Send(Signal.Continue);
            waiting.ForEach(visitor => visitor.Dispose());
        }
    }
}
