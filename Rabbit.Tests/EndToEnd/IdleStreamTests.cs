using System.Net.Sockets;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd;

/// <summary>Streams that are quiet, or speak one way only, far longer than a control channel may be silent.</summary>
public sealed class IdleStreamTests
{
    private const int Beats = 40;

    [Fact]
    [Trait("Property", "P32")]
    [Trait("Property", "P44")]
    public async Task Stream_OneWayOrIdleLongerThanTheDeadTime_IsNotCut()
    {
        // A client is given up after 1 s of silence; the streams below last for four.
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess server = await installation.StartAsync(
            ("RABBIT_HEARTBEAT_INTERVAL", "00:00:00.300"), ("RABBIT_DEAD_AFTER", "00:00:01"));
        await using var service = new LocalService(ConverseAsync);
        TestToken token = await server.CreateTokenAsync();
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(server, token, service.Port);

        using Socket idle = await SocketConversation.ConnectAsync(token.Port);
        await idle.SendAllAsync("i");
        using Socket fromVisitor = await SocketConversation.ConnectAsync(token.Port);
        await fromVisitor.SendAllAsync("v");
        using Socket fromService = await SocketConversation.ConnectAsync(token.Port);
        await fromService.SendAllAsync("s");

        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        for (int beat = 0; beat < Beats; beat++)
        {
            await pace.WaitForNextTickAsync(TestContext.Current.CancellationToken);
            await fromVisitor.SendAllAsync("x");
        }
        Assert.Equal(Beats, (await fromService.ReadExactlyAsync(Beats)).Length);
        fromVisitor.Shutdown(SocketShutdown.Send);
        Assert.Equal(Beats, Assert.Single(await fromVisitor.ReadToEndAsync()));
        await idle.SendAllAsync("!");
        Assert.Equal('!', (char)Assert.Single(await idle.ReadExactlyAsync(1)));
        Assert.DoesNotContain(client.Process.Lines, line => line.Contains("No tunnel", StringComparison.Ordinal));
    }

    /// <summary>i: echoes one byte, whenever it comes. v: counts what it gets. s: speaks for as long as the others.</summary>
    private static async Task ConverseAsync(Socket socket, CancellationToken cancellationToken)
    {
        byte[] first = new byte[1];
        if (await socket.ReceiveAsync(first, cancellationToken) == 0)
            return;
        switch ((char)first[0])
        {
            case 'i':
                await socket.ReceiveAsync(first, cancellationToken);
                await socket.SendAllAsync(first, cancellationToken);
                break;
            case 'v':
                await socket.SendAllAsync(new[] { (byte)(await socket.ReadToEndAsync(cancellationToken)).Length }, cancellationToken);
                break;
            default:
                using (var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(100)))
                {
                    for (int beat = 0; beat < Beats && await pace.WaitForNextTickAsync(cancellationToken); beat++)
                        await socket.SendAllAsync("y"u8.ToArray(), cancellationToken);
                }
                break;
        }
        socket.Shutdown(SocketShutdown.Send);
        await socket.ReadToEndAsync(cancellationToken);
    }
}
