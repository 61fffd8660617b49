using System.Net.Sockets;
using Rabbit.Tests.Support;
using Rabbit.Tunneling.TunnelPorts;
using Xunit;

namespace Rabbit.Tests.EndToEnd.Hold;

/// <summary>Visitors that have waited are served in the order in which they came, whatever happens to clients meanwhile.</summary>
public sealed class HoldOrderTests(RunningServer running) : IClassFixture<RunningServer>
{
    private RabbitProcess Server => running.Server;

    [Fact]
    public async Task ClientReturns_VisitorsAreServedInOrder_AndWhoComesMeanwhileIsLast()
    {
        const int Count = WaitingLine.MostOpening + 50;
        TestToken token = await Server.MakeOfflineAsync(60);
        List<Socket> visitors = await Server.WaitAsync(running.Installation, token, Count);
        using NativePeer client = await NativePeer.LoginAsync(Server.ControlPort, token);
        Socket late = await SocketConversation.ConnectAsync(token.Port);
        visitors.Add(late);
        await AssertServedAsync(client, visitors);
        Assert.Equal(0, await Server.WaitForWaitingAsync(running.Installation, 0));
    }

    [Fact]
    [Trait("Property", "P40")]
    public async Task ClientSuperseded_AndClientLost_BeforeTheyServeAll_TheRestIsServedInOrderByTheNext()
    {
        const int Count = 30;
        TestToken token = await Server.MakeOfflineAsync(60);
        List<Socket> visitors = await Server.WaitAsync(running.Installation, token, Count);
        using (NativePeer first = await NativePeer.LoginAsync(Server.ControlPort, token))
        {
            await AssertServedAsync(first, visitors[..5]);
            using NativePeer second = await NativePeer.LoginAsync(Server.ControlPort, token);
            await AssertServedAsync(second, visitors[5..10]);
        }
        await Server.Api.WaitForStateAsync(token.Port, "offline", HoldRig.Soon);
        await Server.WaitForWaitingAsync(running.Installation, Count - 10);
        using NativePeer third = await NativePeer.LoginAsync(Server.ControlPort, token);
        await AssertServedAsync(third, visitors[10..]);
    }

    // One channel after the other: each gets the visitor who has waited longest.
    private async Task AssertServedAsync(NativePeer client, IEnumerable<Socket> visitors)
    {
        foreach (Socket visitor in visitors)
        {
            using NativePeer channel = await NativePeer.OpenChannelAsync(Server.ControlPort, client.Hello);
            var (start, _) = await channel.AcceptAsync();
            Assert.Equal(visitor.LocalPort(), start.VisitorPort);
            visitor.Dispose();
        }
    }
}
