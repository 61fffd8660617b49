using System.Net;
using System.Net.Sockets;
using System.Text;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd;

/// <summary>The visitor's own address behind a load balancer and at the local service, with the real HAProxy as both.</summary>
public sealed class ProxyProtocolTests(ProxyProtocolTests.BehindLoadBalancer running) : IClassFixture<ProxyProtocolTests.BehindLoadBalancer>
{
    private static readonly IPAddress LoadBalancer = IPAddress.Parse("127.0.0.7");
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData("send-proxy", "1")]
    [InlineData("send-proxy-v2", "2")]
    public async Task LoadBalancerInFrontAndServiceBehind_BothLearnTheVisitorsAddress(string sends, string clientVersion)
    {
        int front = ReservedPorts.Take(1);
        int service = ReservedPorts.Take(1);
        TestToken token = await running.Server.CreateTokenAsync();
        using var directory = new TempDirectory();
        await File.WriteAllTextAsync(directory.File("haproxy.cfg"), $"""
            defaults
              timeout connect 5s
              timeout client 20s
              timeout server 20s
            frontend visitors
              mode tcp
              bind 127.0.0.1:{front}
              default_backend tunnel
            backend tunnel
              mode tcp
              source {LoadBalancer}
              server rabbit 127.0.0.1:{token.Port} {sends}
            frontend service
              mode http
              bind 127.0.0.1:{service} accept-proxy
              http-request return status 200 content-type text/plain lf-string "%[src]:%[src_port] %[dst]:%[dst_port]"

            """, TestContext.Current.CancellationToken);
        await using RunningProcess haproxy = RunningProcess.Start("haproxy", "haproxy", ["-db", "-f", directory.File("haproxy.cfg")]);
        await Eventually.BecomesAsync(() => CanConnectAsync(service), can => can, Soon, "haproxy listens");
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(running.Server, token, service, "--proxy-protocol", clientVersion);

        IPAddress from = IPAddress.Parse("127.9.8.7");
        using Socket visitor = await SocketConversation.ConnectAsync(front, from);
        await visitor.SendAllAsync("GET / HTTP/1.0\r\n\r\n");
        string answer = Encoding.ASCII.GetString(await visitor.ReadToEndAsync());
        var address = (IPEndPoint)visitor.LocalEndPoint!;
        Assert.EndsWith($"\r\n\r\n{address} 127.0.0.1:{token.Port}", answer, StringComparison.Ordinal);
        var rows = await Eventually.BecomesAsync(() => running.Installation.VisitsAsync(token.Port), rows => rows.Count > 0, Soon, "the visitor is logged");
        Assert.Equal($"{address}", $"{rows[0].VisitorAddress}:{rows[0].VisitorPort}");
    }

    [Fact]
    [Trait("Property", "P10")]
    public async Task HeaderFromElsewhere_IsNotBelievedButPassedOn()
    {
        TestToken token = await running.Server.CreateTokenAsync();
        await using LocalService service = LocalService.Echo();
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(running.Server, token, service.Port);
        const string Header = "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n";
        foreach (IPAddress from in new[] { IPAddress.Loopback, IPAddress.Parse("127.0.0.8") })
        {
            using Socket visitor = await SocketConversation.ConnectAsync(token.Port, from);
            await visitor.SendAllAsync(Header);
            Assert.Equal(Header, Encoding.ASCII.GetString(await visitor.ReadExactlyAsync(Header.Length)));
        }
        var rows = await Eventually.BecomesAsync(() => running.Installation.VisitsAsync(token.Port), rows => rows.Count == 2, Soon, "both are logged");
        Assert.Equal(["127.0.0.1", "127.0.0.8"], rows.Select(row => row.VisitorAddress));
    }

    [Theory]
    [InlineData("hello without a header\r\n")]
    [InlineData("PROXY TCP4 192.0.2.1 192.0.2.2 99999 2\r\n")]
    [InlineData("PROXY TCP4 192.0.2.1")]
    public async Task LoadBalancerWithoutAHeader_IsDropped(string says)
    {
        TestToken token = await running.Server.CreateTokenAsync();
        await using LocalService service = LocalService.Echo();
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(running.Server, token, service.Port);
        using (Socket wrong = await SocketConversation.ConnectAsync(token.Port, LoadBalancer))
        {
            await wrong.SendAllAsync(says);
            wrong.Shutdown(SocketShutdown.Send);
            await wrong.EndsWithResetAsync(Soon);
        }

        // Any split of a right one, with the first bytes behind it.
        byte[] right = Encoding.ASCII.GetBytes("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nhello");
        foreach (int cut in new[] { 1, 6, 20, 34, 35, 36, 38 })
        {
            using Socket visitor = await SocketConversation.ConnectAsync(token.Port, LoadBalancer);
            await visitor.SendAllAsync(right.AsMemory(0, cut), TestContext.Current.CancellationToken);
            await KernelSockets.WhenTakenAsync(visitor);
            await visitor.SendAllAsync(right.AsMemory(cut), TestContext.Current.CancellationToken);
            Assert.Equal("hello", Encoding.ASCII.GetString(await visitor.ReadExactlyAsync(5)));
        }
        Assert.All(await running.Installation.VisitsAsync(token.Port), row => Assert.Equal("192.0.2.1", row.VisitorAddress));
    }

    [Fact]
    public async Task OfflinePort_BehindALoadBalancer_AnswersAndLogsTheVisitor()
    {
        TestToken token = await running.Server.CreateTokenAsync();
        (await NativePeer.LoginAsync(running.Server.ControlPort, token)).Dispose();
        await running.Server.Api.WaitForStateAsync(token.Port, "offline", Soon);
        using Socket visitor = await SocketConversation.ConnectAsync(token.Port, LoadBalancer);
        await visitor.SendAllAsync("PROXY TCP6 2001:db8::5 2001:db8::6 77 2\r\nGET / HTTP/1.1\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 503", Encoding.ASCII.GetString(await visitor.ReadToEndAsync()), StringComparison.Ordinal);
        var rows = await Eventually.BecomesAsync(() => running.Installation.VisitsAsync(token.Port), rows => rows.Count > 0, Soon, "the visitor is logged");
        Assert.Equal(("2001:db8::5", 77), (rows[0].VisitorAddress, rows[0].VisitorPort));
    }

    private static async Task<bool> CanConnectAsync(int port)
    {
        try
        {
            (await SocketConversation.ConnectAsync(port)).Dispose();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>A server that believes one address.</summary>
    public sealed class BehindLoadBalancer : IAsyncLifetime
    {
        internal Installation Installation { get; private set; } = null!;

        internal RabbitProcess Server { get; private set; } = null!;

        /// <inheritdoc/>
        public async ValueTask InitializeAsync()
        {
            Installation = await Installation.CreateAsync();
            Server = await Installation.StartAsync(("RABBIT_PROXY_FROM", $"{LoadBalancer}, 2001:db8:ffff::/48"));
        }

        /// <inheritdoc/>
        public ValueTask DisposeAsync() => Installation.DisposeAsync();
    }
}
