using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Rabbit.Protocol;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Messages;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd;

/// <summary>Peers on the control port that are broken, lost, or mean harm.</summary>
public sealed class HostilePeerTests(HostilePeerTests.ImpatientServer running) : IClassFixture<HostilePeerTests.ImpatientServer>
{
    private static readonly TimeSpan Handshake = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    private static readonly RejectCode[] Refusals = [RejectCode.Protocol, RejectCode.InvalidChannel, RejectCode.InvalidToken];

    private int ControlPort => running.Server.ControlPort;

    public static TheoryData<string> Harmful { get; } =
    [
        "delete_port_PORT\n", "DISCONNECT\n", "CONNECT\n", "DISCONNECT\n3000\n", "SUCCESS:x:PORT\n", "DATA:\n", "DATA:00000000000000000000000000000000\n",
        "ERROR:\n\n", "\n\n", "GET /api/v1/teams HTTP/1.1\r\n\r\n", "RBT\u0001", "RBT\u0003", "\u0000\u0001\u0002", "RBT\u0002\u0000\u0000\u0000\u0000\u0009",
        "RBT\u0002\u0000\u0000\u0000\u0002\u0009\u0000\u0000", "RBT\u0002\u0000\u0000\u0000\u0008\u0004\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000",
        "RBT\u0002\u0000\u0000\u0000\u0000\u0022", "RBT\u0002\u0000\u0000\u0000\u0003\u0001abc", "\u0016\u0003\u0001\u0000\u0005hello",
    ];

    [Theory]
    [MemberData(nameof(Harmful))]
    [Trait("Property", "P01")]
    public async Task MessageBeforeAuthentication_ChangesNothing(string text)
    {
        using NativePeer client = await NativePeer.LoginAsync(ControlPort, running.Token);
        string before = await StateAsync();

        using Socket socket = await SocketConversation.ConnectAsync(ControlPort);
        await socket.SendAllAsync(Encoding.Latin1.GetBytes(text.Replace("PORT", $"{running.Token.Port}", StringComparison.Ordinal)), TestContext.Current.CancellationToken);
        socket.Shutdown(SocketShutdown.Send);
        await socket.EndsWithResetAsync(); // However it ends, it ends.

        Assert.Equal(before, await StateAsync());
        using Socket visitor = await SocketConversation.ConnectAsync(running.Token.Port);
        using NativePeer channel = await NativePeer.OpenChannelAsync(ControlPort, client.Hello);
        var (_, end) = await channel.AcceptAsync();
        await visitor.SendAllAsync("?");
        Assert.Equal("?"u8.ToArray(), await end.ReadExactlyAsync(1));
    }

    [Fact]
    [Trait("Property", "P01")]
    public async Task EveryFrame_BeforeAuthentication_ChangesNothing()
    {
        using NativePeer client = await NativePeer.LoginAsync(ControlPort, running.Token);
        string before = await StateAsync();
        // Every type there may be, as long as the longest message and too long for any, in an order that is the same each time.
        byte[] body = new byte[ProtocolLimits.UnauthenticatedPayload];
        int[] types = [.. Enumerable.Range(0, 256)];
        new Random(20_260_101).Shuffle(types);
        foreach (int type in types)
        {
            foreach (int length in new[] { 0, 40, body.Length })
            {
                using NativePeer peer = await NativePeer.ConnectAsync(ControlPort);
                await peer.SendAsync(new byte[] { 0, 0, (byte)(length >> 8), (byte)length, (byte)type });
                await peer.SendAsync(body.AsMemory(0, length));
                Assert.Contains((await peer.ReadAsync()).Read<Reject>().Code, Refusals);
            }
        }

        Assert.Equal(before, await StateAsync());
        using Socket visitor = await SocketConversation.ConnectAsync(running.Token.Port);
        using NativePeer channel = await NativePeer.OpenChannelAsync(ControlPort, client.Hello);
        await channel.AcceptAsync();
    }

    [Fact]
    public async Task HttpRequest_GetsA400ThatExplains()
    {
        using Socket socket = await SocketConversation.ConnectAsync(ControlPort);
        await socket.SendAllAsync("GET / HTTP/1.1\r\nHost: here\r\n\r\n");
        socket.Shutdown(SocketShutdown.Send);
        string answer = Encoding.ASCII.GetString(await socket.ReadToEndAsync());
        Assert.StartsWith("HTTP/1.1 400 Bad Request\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("This is the control port of a Rabbit tunnel server", answer, StringComparison.Ordinal);
        string body = answer[(answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
        Assert.Contains($"Content-Length: {body.Length}\r\n", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("rbt_")]
    [InlineData("garbage")]
    [InlineData("rbt_aaaaaaaaaaaa_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("'; DROP TABLE teams; --")]
    public async Task Token_Wrong_IsRejectedForGood(string token)
    {
        using NativePeer peer = await NativePeer.ConnectAsync(ControlPort);
        await peer.SendAsync(NativePeer.HelloOf(token));
        Reject reject = (await peer.ReadAsync()).Read<Reject>();
        Assert.Equal(RejectCode.InvalidToken, reject.Code);
        Assert.False(reject.Retryable);
        Assert.NotEmpty(reject.Sentence);
    }

    [Fact]
    public async Task Token_RightIdWithAnotherSecret_IsRejected()
    {
        string text = running.Token.Text;
        string other = text[..^1] + (text[^1] == 'a' ? 'b' : 'a');
        using NativePeer peer = await NativePeer.ConnectAsync(ControlPort);
        await peer.SendAsync(NativePeer.HelloOf(other));
        Assert.Equal(RejectCode.InvalidToken, (await peer.ReadAsync()).Read<Reject>().Code);
    }

    [Theory]
    [InlineData(uint.MaxValue)]
    [InlineData(4097u)]
    [Trait("Property", "P07")]
    public async Task Frame_TooLarge_IsRejectedByItsHeader(uint length)
    {
        using NativePeer peer = await NativePeer.ConnectAsync(ControlPort);
        byte[] header = new byte[Frame.HeaderLength];
        BinaryPrimitives.WriteUInt32BigEndian(header, length);
        header[4] = (byte)FrameType.ClientHello;
        await peer.SendAsync(header);
        Reject reject = (await peer.ReadAsync()).Read<Reject>();
        Assert.Equal(RejectCode.Protocol, reject.Code);
        Assert.Contains($"{length}", reject.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Frame_CutOff_IsAProtocolError()
    {
        byte[] hello = Frame.Encode(NativePeer.HelloOf(running.Token.Text));
        using NativePeer peer = await NativePeer.ConnectAsync(ControlPort);
        await peer.SendAsync(hello.AsMemory(0, hello.Length - 1));
        peer.Socket.Shutdown(SocketShutdown.Send);
        Assert.Equal(RejectCode.Protocol, (await peer.ReadAsync()).Read<Reject>().Code);
    }

    [Fact]
    [Trait("Property", "P07")]
    public async Task Line_WithoutEnd_IsCutAndNotKept()
    {
        const int Flood = 300_000_000;
        long before = running.Server.Process.ResidentBytes;
        using Socket socket = await SocketConversation.ConnectAsync(ControlPort);
        byte[] chunk = Encoding.ASCII.GetBytes(new string('a', 64 * 1024));
        long sent = 0, most = 0;
        try
        {
            for (; sent < Flood; sent += chunk.Length)
            {
                await socket.SendAllAsync(chunk, TestContext.Current.CancellationToken);
                if (sent % (16 * chunk.Length) == 0)
                    most = Math.Max(most, running.Server.Process.ResidentBytes);
            }
        }
        catch (SocketException)
        {
            // Cut, which is what this is about.
        }
        Assert.True(sent < Flood, "The server took it all.");
        Assert.True(most - before < 32_000_000, $"The server grew by {most - before:N0} bytes while {sent:N0} were sent.");
    }

    [Fact]
    [Trait("Property", "P08")]
    public async Task Deadline_SlowBytes_DoNotExtendIt()
    {
        using Socket socket = await SocketConversation.ConnectAsync(ControlPort);
        long started = TimeProvider.System.GetTimestamp();
        Task<bool> ended = socket.EndsWithResetAsync(Soon);
        using var drip = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        int dripped = 0;
        while (!ended.IsCompleted && await drip.WaitForNextTickAsync(TestContext.Current.CancellationToken))
        {
            try
            {
                await socket.SendAllAsync("a");
                dripped++;
            }
            catch (SocketException)
            {
                break;
            }
        }
        await ended;
        TimeSpan took = TimeProvider.System.GetElapsedTime(started);
        Assert.InRange(took, Handshake * 0.9, Handshake * 2);
        Assert.True(dripped > 5, "Too few bytes were sent to prove anything.");
    }

    [Fact]
    [Trait("Property", "P06")]
    public async Task DataChannel_WrongOrOldSecret_GetsNothing()
    {
        TestToken token = await running.Server.CreateTokenAsync();
        ServerHello old;
        using (NativePeer first = await NativePeer.LoginAsync(ControlPort, token))
            old = first.Hello;
        await running.Server.Api.WaitForStateAsync(token.Port, "offline", Soon);
        using NativePeer client = await NativePeer.LoginAsync(ControlPort, token, last: old);
        Assert.Equal(old.SessionId, client.Hello.SessionId);
        Assert.NotEqual(old.ChannelSecret, client.Hello.ChannelSecret);

        using Socket visitor = await SocketConversation.ConnectAsync(token.Port);
        await visitor.SendAllAsync("secret");
        foreach (ServerHello hello in new[] { old, client.Hello with { ChannelSecret = Guid.NewGuid() }, client.Hello with { SessionId = Guid.NewGuid() }, default })
        {
            using NativePeer intruder = await NativePeer.OpenChannelAsync(ControlPort, hello);
            Assert.Equal(RejectCode.InvalidChannel, (await intruder.ReadAsync()).Read<Reject>().Code);
            intruder.Socket.Shutdown(SocketShutdown.Send);
            Assert.Null(await intruder.ReadOrEndAsync());
        }

        using NativePeer channel = await NativePeer.OpenChannelAsync(ControlPort, client.Hello);
        var (_, end) = await channel.AcceptAsync();
        Assert.Equal("secret"u8.ToArray(), await end.ReadExactlyAsync(6));
    }

    [Fact]
    [Trait("Property", "P47")]
    public async Task TlsHandshake_Stalled_KeepsNobodyWaiting()
    {
        const int Stalled = 50;
        TestToken token = await running.Server.CreateTokenAsync();
        var stalled = new List<Socket>();
        for (int i = 0; i < Stalled; i++)
        {
            Socket socket = await SocketConversation.ConnectAsync(ControlPort);
            await socket.SendAllAsync(new byte[] { 0x16, 0x03, 0x01, 0x02, 0x00, 0x01 }, TestContext.Current.CancellationToken);
            stalled.Add(socket);
        }
        Task<bool>[] ended = [.. stalled.Select(socket => socket.EndsWithResetAsync(Soon))];

        // A peer within this process: the start of a program may take longer than the stalled ones are given.
        using NativePeer client = await NativePeer.LoginAsync(ControlPort, token);
        Assert.True(ended.All(task => !task.IsCompleted), "The stalled ones ended before the login did.");
        await Task.WhenAll(ended);
        stalled.ForEach(socket => socket.Dispose());
    }

    private async Task<string> StateAsync()
    {
        JsonElement tunnel = (await running.Server.Api.FindTunnelAsync(running.Token.Port))!.Value;
        return $"{tunnel.GetProperty("state")} {tunnel.GetProperty("session_id")} {tunnel.GetProperty("epoch")}";
    }

    /// <summary>A server that waits only briefly for a login, with a token of its own.</summary>
    public sealed class ImpatientServer : IAsyncLifetime
    {
        internal Installation Installation { get; private set; } = null!;

        internal RabbitProcess Server { get; private set; } = null!;

        internal TestToken Token { get; private set; } = null!;

        /// <inheritdoc/>
        public async ValueTask InitializeAsync()
        {
            Installation = await Installation.CreateAsync();
            Server = await Installation.StartAsync(("RABBIT_HANDSHAKE_TIMEOUT", $"{Handshake}"), ("RABBIT_PENALTY_EXEMPT", "127.0.0.1"));
            Token = await Server.CreateTokenAsync();
        }

        /// <inheritdoc/>
        public ValueTask DisposeAsync() => Installation.DisposeAsync();
    }
}
