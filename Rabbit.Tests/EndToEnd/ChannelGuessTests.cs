using System.Net.Sockets;
using System.Text;
using Rabbit.Protocol.Messages;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd;

/// <summary>Ten thousand connections that guess what opens a data channel while a visitor waits for one.</summary>
[Trait("Property", "P06")]
public sealed class ChannelGuessTests(HostilePeerTests.ImpatientServer running) : IClassFixture<HostilePeerTests.ImpatientServer>
{
    private const int Guesses = 10_000;
    private const int AtOnce = 32;

    private int ControlPort => running.Server.ControlPort;

    [Fact]
    public async Task NativeGuesses_GetNothing_AndTheVisitorIsServed()
    {
        TestToken token = await running.Server.CreateTokenAsync();
        TestToken otherToken = await running.Server.CreateTokenAsync();
        using NativePeer client = await NativePeer.LoginAsync(ControlPort, token);
        using NativePeer other = await NativePeer.LoginAsync(ControlPort, otherToken);
        using Socket visitor = await SocketConversation.ConnectAsync(token.Port);
        await visitor.SendAllAsync("for the client alone");

        await EachAsync(async number =>
        {
            ServerHello guess = client.Hello with
            {
                ChannelSecret = (number % 4) switch
                {
                    0 => other.Hello.ChannelSecret,
                    1 => client.Hello.SessionId,
                    2 => Guid.Empty,
                    _ => Guid.NewGuid(),
                },
            };
            using NativePeer intruder = await NativePeer.OpenChannelAsync(ControlPort, guess);
            Assert.Equal(RejectCode.InvalidChannel, (await intruder.ReadAsync()).Read<Reject>().Code);
            intruder.Socket.Shutdown(SocketShutdown.Send);
            Assert.Null(await intruder.ReadOrEndAsync());
        });

        // One that waits for a channel hears of it after ten seconds: it may have, by now.
        using Socket next = await SocketConversation.ConnectAsync(token.Port);
        await next.SendAllAsync("for the client alone");
        using NativePeer channel = await NativePeer.OpenChannelAsync(ControlPort, client.Hello);
        var (_, end) = await channel.AcceptAsync();
        Assert.Equal("for the client alone", Encoding.ASCII.GetString(await end.ReadExactlyAsync(20)));
    }

    [Fact]
    public async Task LegacyGuesses_GetNothing_AndTheVisitorIsServed()
    {
        TestToken token = await running.Server.CreateTokenAsync();
        await using LegacyPeer client = await LegacyPeer.LoginAsync(ControlPort, token, localPort: 1);
        using (Socket first = await SocketConversation.ConnectAsync(token.Port))
        {
            string used = await client.NextVisitorAsync();
            using Socket served = await LegacyPeer.OpenChannelAsync(ControlPort, used, "served");
            await first.ReadExactlyAsync(6);

            await EachAsync(async number =>
            {
                string guess = (number % 3) switch { 0 => used, 1 => client.TunnelId, _ => $"{Guid.NewGuid():N}" };
                Assert.StartsWith("ERROR:", await LegacyPeer.AskAsync(ControlPort, $"DATA:{guess}\n"), StringComparison.Ordinal);
            });
        }

        using Socket visitor = await SocketConversation.ConnectAsync(token.Port);
        await visitor.SendAllAsync("for the client alone");
        using Socket channel = await LegacyPeer.OpenChannelAsync(ControlPort, await client.NextVisitorAsync());
        Assert.Equal("for the client alone", Encoding.ASCII.GetString(await channel.ReadExactlyAsync(20)));
    }

    private static Task EachAsync(Func<int, Task> guess)
    {
        int last = 0;
        return Task.WhenAll(Enumerable.Range(0, AtOnce).Select(async _ =>
        {
            for (int number = Interlocked.Increment(ref last); number <= Guesses; number = Interlocked.Increment(ref last))
                await guess(number);
        }));
    }
}
