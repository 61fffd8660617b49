using System.Net;
using System.Net.Sockets;
using Rabbit.Protocol.Messages;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd;

/// <summary>Many who do not log in, and those whose logins fail: what it costs them, and that it costs nobody else.</summary>
public sealed class StrangersTests(RunningServer running) : IClassFixture<RunningServer>
{
    private const string WrongToken = "rbt_000000000000_00000000000000000000000000000000";

    private int ControlPort => running.Server.ControlPort;

    [Theory]
    [InlineData(1)]
    [InlineData(250)]
    [Trait("Property", "P07")]
    public async Task Login_WhileAThousandSlowOnesWait_TakesNoMoreThanTwiceItsTime(int addresses)
    {
        TestToken token = await running.Server.CreateTokenAsync();
        IPAddress client = IPAddress.Parse($"127.1.0.{1 + (addresses % 250)}");
        await MedianLoginAsync(token, client); // What is slow only once.
        TimeSpan normal = await MedianLoginAsync(token, client);

        var slow = new List<Socket>();
        try
        {
            for (int i = 0; i < 1000; i++)
            {
                Socket socket = await SocketConversation.ConnectAsync(ControlPort, IPAddress.Parse($"127.2.{i % addresses}.1"));
                slow.Add(socket);
                await socket.SendAllAsync(i % 2 == 0 ? "RBT" : "\u0016\u0003\u0001");
            }
            // A client that was here before, and one that nobody knows.
            TimeSpan besieged = await MedianLoginAsync(token, client);
            Assert.True(besieged < (2 * normal) + TimeSpan.FromMilliseconds(20), $"A login takes {besieged.TotalMilliseconds:0.0} ms instead of {normal.TotalMilliseconds:0.0}.");
            using NativePeer stranger = await NativePeer.LoginAsync(ControlPort, token, from: IPAddress.Parse($"127.3.0.{1 + (addresses % 250)}"));
        }
        finally
        {
            slow.ForEach(socket => socket.Reset());
        }
    }

    [Fact]
    [Trait("Property", "P10")]
    public async Task WrongTokens_KeepTheirAddressOut_AndNobodyElse()
    {
        TestToken token = await running.Server.CreateTokenAsync();
        IPAddress guesser = IPAddress.Parse("127.4.0.1");
        for (int i = 0; i < 4; i++)
            Assert.Equal(RejectCode.InvalidToken, await FailAsync(guesser, WrongToken));

        // Not even the right token is looked at, nor what is said at all.
        Assert.Null(await FailAsync(guesser, token.Text));
        using (NativePeer other = await NativePeer.LoginAsync(ControlPort, token, from: IPAddress.Parse("127.4.0.2")))
            Assert.NotEqual(Guid.Empty, other.Hello.SessionId);

        // Visitors are no clients: those of the address get to the tunnel.
        using Socket visitor = await SocketConversation.ConnectAsync(token.Port, guesser);
        await visitor.SendAllAsync("GET / HTTP/1.1\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 503", System.Text.Encoding.ASCII.GetString(await visitor.ReadToEndAsync()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WrongTokens_FromAKnownAddress_DoNotKeepItsClientOut()
    {
        TestToken token = await running.Server.CreateTokenAsync();
        TestToken other = await running.Server.CreateTokenAsync();
        IPAddress shared = IPAddress.Parse("127.5.0.1");
        (await NativePeer.LoginAsync(ControlPort, token, from: shared)).Dispose();
        for (int i = 0; i < 4; i++)
            Assert.Equal(RejectCode.InvalidToken, await FailAsync(shared, WrongToken));

        // Of those behind the address only tokens that have logged in from there may come now; others are told when.
        Assert.Equal(RejectCode.TooMany, await FailAsync(shared, WrongToken));
        Assert.Equal(RejectCode.TooMany, await FailAsync(shared, other.Text));
        using NativePeer client = await NativePeer.LoginAsync(ControlPort, token, from: shared);
        using NativePeer channel = await NativePeer.OpenChannelAsync(ControlPort, client.Hello, shared);
        using Socket visitor = await SocketConversation.ConnectAsync(token.Port);
        await visitor.SendAllAsync("?");
        var (_, end) = await channel.AcceptAsync();
        Assert.Equal("?"u8.ToArray(), await end.ReadExactlyAsync(1));
    }

    /// <summary>Why a login was turned away; null when the connection was reset without a word.</summary>
    private async Task<RejectCode?> FailAsync(IPAddress from, string token)
    {
        try
        {
            using NativePeer peer = await NativePeer.ConnectAsync(ControlPort, from);
            await peer.SendAsync(NativePeer.HelloOf(token));
            return (await peer.ReadAsync()).Read<Reject>().Code;
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return null;
        }
    }

    private async Task<TimeSpan> MedianLoginAsync(TestToken token, IPAddress from)
    {
        var times = new List<TimeSpan>();
        for (int i = 0; i < 31; i++)
        {
            long started = TimeProvider.System.GetTimestamp();
            using NativePeer peer = await NativePeer.LoginAsync(ControlPort, token, from: from);
            times.Add(TimeProvider.System.GetElapsedTime(started));
        }
        times.Sort();
        return times[times.Count / 2];
    }
}
