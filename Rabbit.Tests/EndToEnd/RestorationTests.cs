using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Rabbit.Persistence.Model;
using Rabbit.Protocol.Messages;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd;

/// <summary>Ports that come back, and who may have them.</summary>
public sealed class RestorationTests
{
    private const int SolSocket = 1;
    private const int SoReuseAddr = 2;
    private const int SoReusePort = 15;
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.PostgresAndRedis)]
    public async Task LegacyClient_OnTheRestoredPortItself_IsTheSessionAgain(Engine engine)
    {
        await using Installation installation = await Installation.CreateAsync(engine);
        RabbitProcess first = await installation.StartAsync();
        TestToken token = await first.CreateTokenAsync();
        await using LegacyPeer before = await LegacyPeer.LoginAsync(first.ControlPort, token, localPort: 3000);
        Guid session = Assert.Single(await installation.SessionsAsync(token.Port)).Id;
        await first.Process.Kill9Async();

        RabbitProcess second = await installation.StartAsync();
        await using LegacyPeer after = await LegacyPeer.LoginAsync(token.Port, token, localPort: 3000);
        await second.Process.WaitForLineAsync($"Tunnel client reconnected to restored port {token.Port}", Soon);
        Assert.Equal(token.Port, after.TunnelPort);
        after.ServeEcho(second.ControlPort);
        await AssertEchoesAsync(token.Port);
        SessionRow row = Assert.Single(await installation.SessionsAsync(token.Port));
        Assert.Equal((session, SessionStatus.Active), (row.Id, row.Status));
    }

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.PostgresAndRedis)]
    public async Task NativeClient_OnTheRestoredPortItself_IsTheSessionAgain(Engine engine)
    {
        await using Installation installation = await Installation.CreateAsync(engine);
        RabbitProcess first = await installation.StartAsync();
        TestToken token = await first.CreateTokenAsync();
        using NativePeer before = await NativePeer.LoginAsync(first.ControlPort, token);
        await first.Process.Kill9Async();

        RabbitProcess second = await installation.StartAsync();
        using NativePeer after = await NativePeer.LoginAsync(token.Port, token, before.Hello);
        await second.Process.WaitForLineAsync($"Tunnel client reconnected to restored port {token.Port}", Soon);
        Assert.Equal(before.Hello.SessionId, after.Hello.SessionId);
        Assert.True(after.Hello.Epoch > before.Hello.Epoch);
        Assert.NotEqual(before.Hello.ChannelSecret, after.Hello.ChannelSecret);

        using Socket visitor = await SocketConversation.ConnectAsync(token.Port);
        await visitor.SendAllAsync("hello");
        using NativePeer channel = await NativePeer.OpenChannelAsync(second.ControlPort, after.Hello);
        var (start, end) = await channel.AcceptAsync();
        Assert.Equal(("127.0.0.1", ((IPEndPoint)visitor.LocalEndPoint!).Port), (start.VisitorAddress, start.VisitorPort));
        Assert.Equal("hello"u8.ToArray(), await end.ReadExactlyAsync(5));
    }

    [Fact]
    public async Task Client_OnAnotherTokensRestoredPort_IsTurnedAway()
    {
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess first = await installation.StartAsync();
        TestToken token = await first.CreateTokenAsync();
        TestToken other = await first.CreateTokenAsync();
        using NativePeer before = await NativePeer.LoginAsync(first.ControlPort, token);
        await first.Process.Kill9Async();

        RabbitProcess second = await installation.StartAsync();
        using NativePeer peer = await NativePeer.ConnectAsync(token.Port);
        await peer.SendAsync(NativePeer.HelloOf(other.Text));
        Assert.Equal(RejectCode.WrongPort, (await peer.ReadAsync()).Read<Reject>().Code);
        Assert.StartsWith("ERROR:", await LegacyPeer.AskAsync(token.Port, $"{other.Text}\n3000\n"), StringComparison.Ordinal);
        Assert.Equal("offline", (await second.Api.FindTunnelAsync(token.Port))!.Value.GetProperty("state").GetString());
    }

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.PostgresAndRedis)]
    [Trait("Property", "P41")]
    public async Task Port_BusyAtRestoration_IsRetriedAndVisible_AndTheSessionSurvives(Engine engine)
    {
        await using Installation installation = await Installation.CreateAsync(engine);
        RabbitProcess first = await installation.StartAsync();
        TestToken token = await first.CreateTokenAsync();
        Guid session;
        using (NativePeer before = await NativePeer.LoginAsync(first.ControlPort, token))
        {
            session = before.Hello.SessionId;
            await first.Process.Kill9Async();
        }

        RabbitProcess second;
        using (Socket intruder = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
        {
            intruder.Bind(new IPEndPoint(IPAddress.Loopback, token.Port));
            intruder.Listen();
            second = await installation.StartAsync();
            JsonElement seen = (await second.Api.GetAsync($"restoration/{token.Port}")).GetProperty("data");
            Assert.False(seen.GetProperty("is_listening").GetBoolean());
            Assert.Contains("in use", seen.GetProperty("bind_error").GetString(), StringComparison.Ordinal);
            Assert.Equal("port_busy", (await second.Api.FindTunnelAsync(token.Port))!.Value.GetProperty("state").GetString());

            using NativePeer early = await NativePeer.ConnectAsync(second.ControlPort);
            await early.SendAsync(NativePeer.HelloOf(token.Text));
            Reject reject = (await early.ReadAsync()).Read<Reject>();
            Assert.Equal((RejectCode.PortBusy, true), (reject.Code, reject.Retryable));
        }

        await second.Process.WaitForLineAsync($"Restored tunnel listener on port {token.Port} (sessions: 1)", Soon);
        Assert.True((await second.Api.GetAsync($"restoration/{token.Port}")).GetProperty("data").GetProperty("is_listening").GetBoolean());
        using NativePeer after = await NativePeer.LoginAsync(second.ControlPort, token);
        Assert.Equal(session, after.Hello.SessionId);
        Assert.Equal(session, Assert.Single(await installation.SessionsAsync(token.Port)).Id);
    }

    [Fact]
    [Trait("Property", "P49")]
    public async Task TunnelPort_InUse_CannotBeSharedByAnotherProcess()
    {
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess server = await installation.StartAsync();
        TestToken token = await server.CreateTokenAsync();
        using NativePeer client = await NativePeer.LoginAsync(server.ControlPort, token);

        foreach (int port in new[] { token.Port, server.ControlPort })
        {
            foreach (IPAddress address in new[] { IPAddress.Loopback, IPAddress.Any })
            {
                // With both options, which is how a second process would take its share of the visitors.
                using var thief = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                thief.SetRawSocketOption(SolSocket, SoReuseAddr, BitConverter.GetBytes(1));
                thief.SetRawSocketOption(SolSocket, SoReusePort, BitConverter.GetBytes(1));
                var failure = Assert.Throws<SocketException>(() =>
                {
                    thief.Bind(new IPEndPoint(address, port));
                    thief.Listen();
                });
                Assert.Equal(SocketError.AddressAlreadyInUse, failure.SocketErrorCode);
            }
        }
    }

    [Fact]
    [Trait("Property", "P09")]
    public async Task Token_DeletedBeforeTheRestart_IsNotRestored()
    {
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess first = await installation.StartAsync();
        TestToken kept = await first.CreateTokenAsync();
        TestToken deleted = await first.CreateTokenAsync();
        using NativePeer one = await NativePeer.LoginAsync(first.ControlPort, kept);
        using NativePeer other = await NativePeer.LoginAsync(first.ControlPort, deleted);
        await first.Api.DeleteTokenAsync(deleted);
        Assert.Equal(GoAwayReason.Revoked, (await other.ReadUntilAsync<GoAway>()).Reason);
        await first.Process.Kill9Async();

        RabbitProcess second = await installation.StartAsync();
        await second.Process.WaitForLineAsync($"Restored tunnel listener on port {kept.Port} (sessions: 1)", Soon);
        Assert.Null(await second.Api.FindTunnelAsync(deleted.Port));
        await Assert.ThrowsAsync<SocketException>(() => SocketConversation.ConnectAsync(deleted.Port));
    }

    private static async Task AssertEchoesAsync(int port)
    {
        using Socket visitor = await SocketConversation.ConnectAsync(port);
        await visitor.SendAllAsync("are you there?");
        Assert.Equal("are you there?", Encoding.ASCII.GetString(await visitor.ReadExactlyAsync("are you there?".Length)));
    }
}
