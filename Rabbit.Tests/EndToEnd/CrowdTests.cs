using System.Net;
using System.Net.Sockets;
using Rabbit.Tests.Support;
using Rabbit.Tunneling.State;
using Xunit;

namespace Rabbit.Tests.EndToEnd;

/// <summary>Many visitors at once, and the sockets that serve them.</summary>
public sealed class CrowdTests(RunningServer running) : IClassFixture<RunningServer>
{
    private const int Crowd = 1000;
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    [Fact]
    [Trait("Property", "P29")]
    [Trait("Property", "P37")]
    public async Task AThousandVisitorsAtOnce_TunnelClient_AllServed()
    {
        await using LocalService service = LocalService.Echo();
        TestToken token = await running.Server.CreateTokenAsync();
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(running.Server, token, service.Port);
        await AssertAllServedAsync(token.Port);
    }

    [Fact]
    [Trait("Property", "P29")]
    [Trait("Property", "P37")]
    public async Task AThousandVisitorsAtOnce_LegacyClient_AllServed()
    {
        TestToken token = await running.Server.CreateTokenAsync();
        await using LegacyPeer peer = await LegacyPeer.LoginAsync(running.Server.ControlPort, token, localPort: 1);
        peer.ServeEcho(running.Server.ControlPort);
        await AssertAllServedAsync(token.Port);
    }

    [Fact]
    [Trait("Property", "P35")]
    public async Task AThousandVisitorsAtOnce_WhileEveryCoreIsBusy_AllServed()
    {
        RunningProcess[] busy = [.. Enumerable.Range(0, Environment.ProcessorCount).Select(_ => RunningProcess.Start("busy shell", "/bin/sh", ["-c", "while :; do :; done"]))];
        try
        {
            await AThousandVisitorsAtOnce_TunnelClient_AllServed();
            await AThousandVisitorsAtOnce_LegacyClient_AllServed();
        }
        finally
        {
            foreach (RunningProcess shell in busy)
                await shell.DisposeAsync();
        }
    }

    [Fact]
    [Trait("Property", "P45")]
    public async Task Sockets_OfBothHops_DoNotDelay()
    {
        var accepted = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var service = new LocalService(async (socket, cancellationToken) =>
        {
            if (await socket.ReceiveAsync(new byte[1], cancellationToken) == 0)
                return;
            accepted.SetResult(((IPEndPoint)socket.RemoteEndPoint!).Port);
            await socket.SendAllAsync("?"u8.ToArray(), cancellationToken);
            await socket.ReadToEndAsync(cancellationToken);
        });
        TestToken token = await running.Server.CreateTokenAsync();
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(running.Server, token, service.Port);
        using Socket visitor = await SocketConversation.ConnectAsync(token.Port);
        await visitor.SendAllAsync("!");
        await visitor.ReadExactlyAsync(1);

        int control = running.Server.ControlPort;
        var server = KernelSockets.NoDelayOf(running.Server.Process.Id);
        Assert.True(server[(token.Port, ((IPEndPoint)visitor.LocalEndPoint!).Port)], "The server's socket to the visitor delays.");
        var channels = server.Where(socket => socket.Key.Local == control).ToList();
        Assert.True(channels.Count > 1 && channels.All(socket => socket.Value), "A socket of the server to the client delays.");

        var tunnelClient = KernelSockets.NoDelayOf(client.Process.Id);
        Assert.True(tunnelClient[(await accepted.Task, service.Port)], "The client's socket to the service delays.");
        channels = [.. tunnelClient.Where(socket => socket.Key.Remote == control)];
        Assert.True(channels.Count > 1 && channels.All(socket => socket.Value), "A socket of the client to the server delays.");
    }

    private async Task AssertAllServedAsync(int port)
    {
        // All are connected before the first says anything, and each says something of its own.
        Socket[] visitors = await Task.WhenAll(Enumerable.Range(0, Crowd).Select(_ => SocketConversation.ConnectAsync(port)));
        try
        {
            await Task.WhenAll(visitors.Select(async (visitor, number) =>
            {
                byte[] words = System.Text.Encoding.ASCII.GetBytes($"visitor {number:D4} ");
                await visitor.SendAllAsync(words, TestContext.Current.CancellationToken);
                visitor.Shutdown(SocketShutdown.Send);
                Assert.Equal(words, await visitor.ReadToEndAsync(Soon));
            }));
        }
        finally
        {
            foreach (Socket visitor in visitors)
                visitor.Dispose();
        }
        await Eventually.BecomesAsync(
            async () => (await running.Installation.VisitsAsync(port)).Count(visit => visit is { Status: ConnectionStatus.Closed, BytesFromVisitor: 13, BytesToVisitor: 13 }),
            count => count == Crowd, Soon, "every visit is on record, closed, with its bytes");
    }
}
