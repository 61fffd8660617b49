using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Rabbit.Persistence.Model;
using Rabbit.Tests.Support;
using Rabbit.Tunneling.State;
using Xunit;

namespace Rabbit.Tests.EndToEnd.Hold;

/// <summary>Visitors that wait for an absent client: whoever comes back gets them whole; whoever does not come costs them no more than was said.</summary>
public sealed class HoldTests(RunningServer running) : IClassFixture<RunningServer>
{
    private static readonly string[] Elsewhere = ["10.0.0.0/8"];

    private RabbitProcess Server => running.Server;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Property", "P30")]
    public async Task VisitorThatSaysMuch_WaitsInTheKernel_AndLosesNoByte()
    {
        const int Bytes = 32 * 1024 * 1024;
        await using LocalService service = LocalService.Echo();
        TestToken token = await Server.MakeOfflineAsync(60);
        using Socket visitor = await SocketConversation.ConnectAsync(token.Port);
        byte[] said = RandomNumberGenerator.GetBytes(Bytes);
        Task sending = visitor.SendAllAsync(said, Cancellation);
        await Server.WaitForWaitingAsync(running.Installation, 1);
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(Server, token, service.Port);
        byte[] echoed = await visitor.ReadExactlyAsync(Bytes, HoldRig.Soon);
        await sending;
        Assert.Equal(SHA256.HashData(said), SHA256.HashData(echoed));
    }

    [Fact]
    public async Task SilentVisitorOfMySql_HearsTheServiceWhenTheClientReturns()
    {
        await using LocalService service = LocalService.SpeaksFirst("the service speaks first"u8.ToArray());
        TestToken token = await Server.MakeOfflineAsync(60, "mysql");
        using Socket visitor = await SocketConversation.ConnectAsync(token.Port);
        await Server.WaitForWaitingAsync(running.Installation, 1);
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(Server, token, service.Port);
        Assert.Equal("the service speaks first", Encoding.ASCII.GetString(await visitor.ReadToEndAsync(HoldRig.Soon)));
    }

    [Fact]
    [Trait("Property", "P26")]
    public async Task Psql_AtTheEndOfTheHold_ShowsTheReason()
    {
        TestToken token = await Server.MakeOfflineAsync(1);
        VisitorProgram psql = await VisitorProgram.RunAsync(
            Path.Combine(VisitorProgram.PostgresBin, "psql"), "--no-psqlrc", $"host=127.0.0.1 port={token.Port} user=x dbname=x sslmode=require");
        Assert.Contains($"FATAL:  The client of tunnel port {token.Port} is away.", psql.Shown, StringComparison.Ordinal);
        Assert.InRange(psql.Took.TotalSeconds, 1, 20);
        ConnectionLogRow row = await running.Installation.ReadRowAsync(token.Port);
        Assert.Equal((ConnectionStatus.Refused, "client away, also at the end of the hold"), (row.Status, row.Reason));
    }

    [Fact]
    [Trait("Property", "P26")]
    public async Task Browser_AtTheEndOfTheHold_GetsItsPageAtOnce()
    {
        TestToken token = await Server.MakeOfflineAsync(1);
        using Socket visitor = await SocketConversation.ConnectAsync(token.Port);
        await visitor.SendAllAsync("GET / HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n\r\n");
        Assert.Contains("<h1>The client of tunnel port", Encoding.ASCII.GetString(await visitor.ReadToEndAsync()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n", false)]
    [InlineData("GET / HTTP/1.1\r\n", true)]
    [InlineData("", false)]
    [InlineData("", true)]
    [InlineData("\u0001nonsense", true)]
    [InlineData("\0\0\0\u0008\u0004\u00d2\u0016\u002f", false)]
    [Trait("Property", "P11")]
    public async Task VisitorThatLeaves_FreesItsPlaceAtOnce_AndIsOnRecord(string said, bool byReset)
    {
        ConnectionLogRow row = await LeaveWhileWaitingAsync(Encoding.Latin1.GetBytes(said), byReset);
        Assert.Equal((ConnectionStatus.Error, "left while it waited for the client"), (row.Status, row.Reason));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Property", "P11")]
    public async Task VisitorThatHasSaidMuchAndLeaves_FreesItsPlace(bool byReset)
    {
        ConnectionLogRow row = await LeaveWhileWaitingAsync(Encoding.ASCII.GetBytes($"GET / HTTP/1.1\r\n{new string('x', 100_000)}"), byReset);
        Assert.Equal("left while it waited for the client", row.Reason);
    }

    [Fact]
    [Trait("Property", "P31")]
    public async Task VisitorThatEndsItsDirection_InAnUnknownProtocol_IsServedToTheEnd()
    {
        await using LocalService service = LocalService.Echo();
        TestToken token = await Server.MakeOfflineAsync(60);
        using Socket visitor = await SocketConversation.ConnectAsync(token.Port);
        await visitor.SendAllAsync("\u0001all that I say");
        visitor.Shutdown(SocketShutdown.Send);
        await Server.WaitForWaitingAsync(running.Installation, 1);
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(Server, token, service.Port);
        Assert.Equal("\u0001all that I say", Encoding.ASCII.GetString(await visitor.ReadToEndAsync(HoldRig.Soon)));
    }

    [Fact]
    [Trait("Property", "P09")]
    public async Task TokenRevoked_VisitorsThatWait_AreToldAtOnce()
    {
        TestToken token = await Server.MakeOfflineAsync(60);
        using Socket visitor = await SocketConversation.ConnectAsync(token.Port);
        await visitor.SendAllAsync("GET / HTTP/1.1\r\n\r\n");
        await Server.WaitForWaitingAsync(running.Installation, 1);
        long began = TimeProvider.System.GetTimestamp();
        await Server.Api.SendAsync(HttpMethod.Post, $"tokens/{token.Id}/revoke");
        string reply = Encoding.ASCII.GetString(await visitor.ReadToEndAsync());
        Assert.InRange(TimeProvider.System.GetElapsedTime(began).TotalSeconds, 0, 2);
        Assert.StartsWith("HTTP/1.1 503", reply, StringComparison.Ordinal);
        Assert.Contains($"Tunnel port {token.Port} is being closed.", reply, StringComparison.Ordinal);
        await Server.WaitForWaitingAsync(running.Installation, 0);
        Assert.Equal("the port was closed while it waited for the client", (await running.Installation.ReadRowAsync(token.Port)).Reason);
    }

    [Fact]
    [Trait("Property", "P16")]
    public async Task VisitorNetworkTakenAway_VisitorsThatWaitFromThere_AreReset()
    {
        TestToken token = await Server.MakeOfflineAsync(60);
        List<Socket> visitors = await Server.WaitAsync(running.Installation, token, 1);
        await Server.Api.SendAsync(HttpMethod.Patch, $"tokens/{token.Id}", new { visitor_networks = Elsewhere });
        Assert.True(await visitors[0].EndsWithResetAsync());
        await Server.WaitForWaitingAsync(running.Installation, 0);
        Assert.Equal("network no longer allowed", (await running.Installation.ReadRowAsync(token.Port)).Reason);
    }

    [Fact]
    public async Task ClientThatComesBackToItsPort_WhileVisitorsWaitThere_ServesThem()
    {
        TestToken token = await Server.MakeOfflineAsync(60);
        List<Socket> visitors = await Server.WaitAsync(running.Installation, token, 1);
        using NativePeer client = await NativePeer.LoginAsync(token.Port, token);
        using NativePeer channel = await NativePeer.OpenChannelAsync(Server.ControlPort, client.Hello);
        var (start, visitor) = await channel.AcceptAsync();
        Assert.Equal(visitors[0].LocalPort(), start.VisitorPort);
        Assert.Equal(HoldRig.Hello, Encoding.ASCII.GetString(await visitor.ReadExactlyAsync(HoldRig.Hello.Length)));
        visitors[0].Dispose();
    }

    [Theory]
    [InlineData(60)]
    [InlineData(0)]
    [Trait("Property", "P27")]
    [Trait("Property", "P30")]
    public async Task ClientThatDiesWithTheVisitorsChannel_CostsAVisitorThatWaits_NoByte(int holdSeconds)
    {
        TestToken token = await Server.CreateTokenAsync();
        await Server.Api.SendAsync(HttpMethod.Patch, $"tokens/{token.Id}", new { hold_seconds = holdSeconds });
        using NativePeer client = await NativePeer.LoginAsync(Server.ControlPort, token);
        using NativePeer channel = await NativePeer.OpenChannelAsync(Server.ControlPort, client.Hello);
        using Socket visitor = await SocketConversation.ConnectAsync(token.Port);
        await visitor.SendAllAsync("GET / HTTP/1.1\r\n\r\n");
        await channel.ReadAsync(); // Start: the client has the visitor, and dies before it has answered, this channel first.
        channel.Dispose();
        client.Dispose();
        if (holdSeconds == 0)
        {
            Assert.Contains("is away", Encoding.ASCII.GetString(await visitor.ReadToEndAsync()), StringComparison.Ordinal);
            return;
        }
        await Server.WaitForWaitingAsync(running.Installation, 1);
        using NativePeer next = await NativePeer.LoginAsync(Server.ControlPort, token);
        using NativePeer nextChannel = await NativePeer.OpenChannelAsync(Server.ControlPort, next.Hello);
        var (_, end) = await nextChannel.AcceptAsync();
        Assert.Equal("GET / HTTP/1.1\r\n\r\n", Encoding.ASCII.GetString(await end.ReadExactlyAsync(18)));
    }

    // Its row, once its place is free.
    private async Task<ConnectionLogRow> LeaveWhileWaitingAsync(byte[] said, bool byReset)
    {
        TestToken token = await Server.MakeOfflineAsync(60);
        Socket visitor = await SocketConversation.ConnectAsync(token.Port);
        await visitor.SendAllAsync(said, Cancellation);
        await Server.WaitForWaitingAsync(running.Installation, 1);
        if (byReset)
            visitor.Reset();
        else
            visitor.Dispose();
        await Server.WaitForWaitingAsync(running.Installation, 0);
        return await running.Installation.ReadRowAsync(token.Port);
    }
}
