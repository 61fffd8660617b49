using System.Net;
using System.Net.Sockets;
using System.Text;
using Rabbit.Faults.Network;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd.Cluster;

/// <summary>The line between two nodes is cut, while both reach the stores and the client reaches only one of them.</summary>
public sealed class SplitTests
{
    [Fact]
    public async Task LineBetweenNodesCut_VisitorsAtTheOwnerAreServed_OthersWhenItIsMended_AndNobodyTakesOver()
    {
        FaultRelay? line = null;
        try
        {
            // The others reach the first node by a line that can be cut.
            await using ThreeNodes cluster = await ThreeNodes.StartAsync((nodes, node) =>
            {
                if (node != 0)
                    return [];
                line ??= new FaultRelay(new IPEndPoint(IPAddress.Loopback, 0), nodes.NodeEndPoint(0));
                return [("RABBIT_CLUSTER_ADDRESS", $"127.0.0.1:{line.Port}")];
            });
            await using LocalService service = LocalService.SpeaksFirst("here"u8.ToArray());
            await using LocalService echo = LocalService.Echo();
            TestToken token = await cluster.Nodes[0].CreateTokenAsync();
            TestToken echoing = await cluster.Nodes[0].CreateTokenAsync();
            await using TunnelClientProcess client = await cluster.ConnectAsync(token, 0, service, "--no-direct");
            await using TunnelClientProcess echoClient = await cluster.ConnectAsync(echoing, 0, echo, "--no-direct");
            await ThreeNodes.WaitForPortsAsync(token);
            await ThreeNodes.WaitForPortsAsync(echoing);
            Assert.Equal("here", await ThreeNodes.AskAsync(1, token));
            using Socket stream = await ThreeNodes.VisitAsync(1, echoing);
            await stream.SendAllAsync("before");
            Assert.Equal("before", Encoding.ASCII.GetString(await stream.ReadExactlyAsync(6, ThreeNodes.Soon)));

            var mended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            line!.Line = new LineState { Moving = mended.Task };
            Assert.Equal("here", await ThreeNodes.AskAsync(0, token));
            // At the other side of the cut a visitor is not kept for ever.
            using (Socket cut = await ThreeNodes.VisitAsync(1, token))
                Assert.NotEqual("here", await ReadAnyAsync(cut));
            await cluster.WaitForOwnerAsync(token, 0);
            Assert.Equal("here", await ThreeNodes.AskAsync(0, token));

            line.Line = new LineState();
            mended.SetResult();
            await stream.SendAllAsync("after");
            Assert.Equal("after", Encoding.ASCII.GetString(await stream.ReadExactlyAsync(5, ThreeNodes.Soon)));
            await Eventually.BecomesAsync(() => ThreeNodes.AskAsync(1, token), answer => answer == "here", ThreeNodes.Soon, "visitors at the other node are served again");
            Assert.Equal("here", await ThreeNodes.AskAsync(2, token));
        }
        finally
        {
            if (line is not null)
                await line.DisposeAsync();
        }
    }

    private static async Task<string> ReadAnyAsync(Socket visitor)
    {
        try
        {
            return Encoding.ASCII.GetString(await visitor.ReadToEndAsync(ThreeNodes.Soon));
        }
        catch (SocketException)
        {
            return "";
        }
    }
}
