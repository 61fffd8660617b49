using System.Net;
using System.Net.Sockets;
using System.Text;
using Rabbit.Protocol.Messages;
using Rabbit.Tests.Support;
using Rabbit.Tunneling.State;
using Xunit;

namespace Rabbit.Tests.EndToEnd;

/// <summary>Networks that are allowed and denied, for the server and for a token, to visitors and to clients.</summary>
[Trait("Property", "P10")]
public sealed class NetworkTests(NetworkTests.ChoosyServer running) : IClassFixture<NetworkTests.ChoosyServer>
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);
    private static readonly string[] NotFromNine = ["127.0.0.0/8", "!127.9.0.0/16"];
    private static readonly IPAddress NoVisitor = IPAddress.Parse("127.6.0.1");
    private static readonly IPAddress NoClient = IPAddress.Parse("127.7.0.1");
    private static readonly IPAddress Nobody = IPAddress.Parse("127.8.0.1");

    private RabbitProcess Server => running.Server;

    [Fact]
    public async Task Client_FromADeniedNetwork_IsResetBeforeAWord_AlsoOnItsTunnelPort()
    {
        TestToken token = await Server.CreateTokenAsync();
        await AssertNothingAsync(Server.ControlPort, NoClient);
        await AssertNothingAsync(Server.ControlPort, Nobody);
        (await NativePeer.LoginAsync(Server.ControlPort, token)).Dispose();
        await Server.Api.WaitForStateAsync(token.Port, "offline", Soon);
        using (NativePeer peer = await NativePeer.ConnectAsync(token.Port, NoClient))
        {
            await peer.SendAsync(NativePeer.HelloOf(token.Text));
            await peer.Socket.EndsWithResetAsync(Soon);
        }
        await Server.Api.WaitForStateAsync(token.Port, "offline", Soon);

        // Who may not visit may be the client.
        using NativePeer client = await NativePeer.LoginAsync(token.Port, token, from: NoVisitor);
        Assert.Equal(token.Port, client.Hello.TunnelPort);
    }

    [Fact]
    public async Task Visitor_FromADeniedNetwork_HearsNothing_WhetherItsClientIsThereOrNot()
    {
        TestToken token = await Server.CreateTokenAsync();
        using (NativePeer client = await NativePeer.LoginAsync(Server.ControlPort, token))
        {
            await AssertNothingAsync(token.Port, NoVisitor);
            await AssertNothingAsync(token.Port, Nobody);
            using Socket visitor = await SocketConversation.ConnectAsync(token.Port);
            using NativePeer channel = await NativePeer.OpenChannelAsync(Server.ControlPort, client.Hello);
            await channel.AcceptAsync();
        }
        await Server.Api.WaitForStateAsync(token.Port, "offline", Soon);
        await AssertNothingAsync(token.Port, NoVisitor);
        await AssertNothingAsync(token.Port, Nobody);
        using (Socket visitor = await SocketConversation.ConnectAsync(token.Port, NoClient))
        {
            await visitor.SendAllAsync("GET / HTTP/1.1\r\n\r\n");
            Assert.StartsWith("HTTP/1.1 503", Encoding.ASCII.GetString(await visitor.ReadToEndAsync()), StringComparison.Ordinal);
        }
        await Eventually.BecomesAsync(
            () => running.Installation.VisitsAsync(token.Port), rows => rows.Count(row => row is { Status: ConnectionStatus.Refused, Reason: "network not allowed" }) == 2,
            Soon, "those who might have been the client are on record");
    }

    [Fact]
    [Trait("Property", "P16")]
    public async Task Token_DeniesANetworkWithinAnAllowedOne()
    {
        TestToken token = await Server.CreateTokenAsync();
        await Server.Api.SendAsync(HttpMethod.Patch, $"tokens/{token.Id}", new { visitor_networks = NotFromNine, client_networks = NotFromNine });
        Assert.Equal(NotFromNine, (await Server.Api.GetAsync($"tokens/{token.Id}")).GetProperty("data").GetProperty("visitor_networks").EnumerateArray().Select(text => text.GetString()!));
        IPAddress nine = IPAddress.Parse("127.9.0.1");
        using (NativePeer refused = await NativePeer.ConnectAsync(Server.ControlPort, nine))
        {
            await refused.SendAsync(NativePeer.HelloOf(token.Text));
            Assert.Equal(RejectCode.AddressNotAllowed, (await refused.ReadAsync()).Read<Reject>().Code);
        }
        using NativePeer client = await NativePeer.LoginAsync(Server.ControlPort, token);
        await AssertNothingAsync(token.Port, nine);
        using Socket visitor = await SocketConversation.ConnectAsync(token.Port);
        using NativePeer channel = await NativePeer.OpenChannelAsync(Server.ControlPort, client.Hello);
        await channel.AcceptAsync();
    }

    private static async Task AssertNothingAsync(int port, IPAddress from)
    {
        byte[] heard = [];
        try
        {
            using Socket socket = await SocketConversation.ConnectAsync(port, from);
            await socket.SendAllAsync("GET / HTTP/1.1\r\n\r\n");
            heard = await socket.ReadToEndAsync(Soon);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown)
        {
            // Dropped, at once or with what it had said.
        }
        Assert.Empty(heard);
    }

    /// <summary>A server that some networks may not come to.</summary>
    public sealed class ChoosyServer : IAsyncLifetime
    {
        internal Installation Installation { get; private set; } = null!;

        internal RabbitProcess Server { get; private set; } = null!;

        /// <inheritdoc/>
        public async ValueTask InitializeAsync()
        {
            Installation = await Installation.CreateAsync();
            Server = await Installation.StartAsync(
                ("RABBIT_VISITOR_NETWORKS", "127.0.0.0/8, !127.6.0.0/16, !127.8.0.0/16"), ("RABBIT_CLIENT_NETWORKS", "!127.7.0.0/16,!127.8.0.0/16"));
        }

        /// <inheritdoc/>
        public ValueTask DisposeAsync() => Installation.DisposeAsync();
    }
}
