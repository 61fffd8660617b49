using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd.Cluster;

/// <summary>Any node takes any client, any node answers any visitor.</summary>
public sealed class AnywhereTests(AnywhereTests.Running running) : IClassFixture<AnywhereTests.Running>
{
    private static readonly TimeSpan RevokedWithin = TimeSpan.FromSeconds(2);

    // What three servers, a client and two databases on the processors of a test need to be woken.
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(1);

    private ThreeNodes Cluster => running.Cluster;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AttachAnywhere_VisitAnywhere_AllPairsAndThroughTheLoadBalancer(bool direct)
    {
        string[] options = direct ? [] : ["--no-direct"];
        for (int attach = 0; attach <= ThreeNodes.Balancer; attach++)
        {
            TestToken token = await Cluster.Nodes[0].CreateTokenAsync();
            await using LocalService service = LocalService.SpeaksFirst(Encoding.ASCII.GetBytes($"service of {attach}"));
            await using TunnelClientProcess client = await Cluster.ConnectAsync(token, attach, service, options);
            await ThreeNodes.WaitForPortsAsync(token);
            for (int visit = 0; visit <= ThreeNodes.Balancer; visit++)
            {
                for (int again = 0; again < 3; again++)
                    Assert.Equal($"service of {attach}", await ThreeNodes.AskAsync(visit, token));
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ForwardedStream_BothWaysWithHalfClose_LosesNoByte(bool direct)
    {
        TestToken token = await Cluster.Nodes[1].CreateTokenAsync();
        await using LocalService echo = LocalService.Echo();
        await using TunnelClientProcess client = await Cluster.ConnectAsync(token, 0, echo, direct ? [] : ["--no-direct"]);
        await ThreeNodes.WaitForPortsAsync(token);
        for (int visit = 0; visit < ThreeNodes.Count; visit++)
        {
            using Socket visitor = await ThreeNodes.VisitAsync(visit, token);
            byte[] sent = new byte[3_000_000];
            Random.Shared.NextBytes(sent);
            Task sending = visitor.SendAllAsync(sent, TestContext.Current.CancellationToken);
            byte[] half = await visitor.ReadExactlyAsync(sent.Length / 2, ThreeNodes.Soon);
            await sending;
            visitor.Shutdown(SocketShutdown.Send);
            byte[] rest = await visitor.ReadToEndAsync(ThreeNodes.Soon);
            Assert.True(sent.AsSpan().SequenceEqual([.. half, .. rest]), $"What came back by way of node {visit} is not what was sent.");
        }
    }

    [Fact]
    public async Task TokenMadeOnOneNode_HasItsPortOnAll()
    {
        TestToken token = await Cluster.Nodes[2].CreateTokenAsync();
        await using LocalService service = LocalService.SpeaksFirst("here"u8.ToArray());
        await using TunnelClientProcess client = await Cluster.ConnectAsync(token, 1, service);
        await Cluster.WaitForOwnerAsync(token, 1);
        await ThreeNodes.WaitForPortsAsync(token);
        string[] answers = await Task.WhenAll(Enumerable.Range(0, ThreeNodes.Count).Select(node => ThreeNodes.AskAsync(node, token)));
        Assert.All(answers, answer => Assert.Equal("here", answer));
    }

    [Fact]
    public async Task ClientGoneForGood_EveryNodeSaysSo()
    {
        TestToken token = await Cluster.Nodes[0].CreateTokenAsync();
        await using LocalService service = LocalService.SpeaksFirst("here"u8.ToArray());
        await using (TunnelClientProcess client = await Cluster.ConnectAsync(token, 0, service))
        {
            await ThreeNodes.WaitForPortsAsync(token);
            client.Process.Send(Signal.Term);
            await client.Process.WaitForExitAsync(ThreeNodes.Soon);
        }
        for (int node = 0; node < ThreeNodes.Count; node++)
        {
            using Socket visitor = await ThreeNodes.VisitAsync(node, token);
            await visitor.SendAllAsync("GET / HTTP/1.1\r\n\r\n");
            Assert.StartsWith("HTTP/1.1 503", Encoding.ASCII.GetString(await visitor.ReadToEndAsync(ThreeNodes.Soon)), StringComparison.Ordinal);
        }
    }

    [Fact]
    [Trait("Property", "P09")]
    public async Task TokenDeletedOnOneNode_EndsEverythingOnAllWithinTwoSeconds()
    {
        TestToken token = await Cluster.Nodes[0].CreateTokenAsync();
        await using LocalService echo = LocalService.Echo();
        await using TunnelClientProcess client = await Cluster.ConnectAsync(token, 1, echo);
        await ThreeNodes.WaitForPortsAsync(token);
        Socket[] visitors = await Task.WhenAll(Enumerable.Range(0, ThreeNodes.Count).Select(node => ThreeNodes.VisitAsync(node, token)));
        foreach (Socket visitor in visitors)
        {
            await visitor.SendAllAsync("?");
            await visitor.ReadExactlyAsync(1, ThreeNodes.Soon);
        }
        await Cluster.Nodes[0].Api.DeleteTokenAsync(token);
        long deleted = Stopwatch.GetTimestamp();
        await Task.WhenAll(visitors.Select(visitor => visitor.EndsWithResetAsync(ThreeNodes.Soon)));
        TimeSpan took = Stopwatch.GetElapsedTime(deleted);
        TestContext.Current.TestOutputHelper?.WriteLine($"All three visitors were cut after {took.TotalMilliseconds:0} ms");
        Assert.InRange(took, TimeSpan.Zero, RevokedWithin + Slack);
        await client.Process.WaitForLineAsync("revoked", ThreeNodes.Soon);
        foreach (Socket visitor in visitors)
            visitor.Dispose();
    }

    /// <summary>One cluster for all tests, none of which harms it.</summary>
    public sealed class Running : IAsyncLifetime
    {
        internal ThreeNodes Cluster { get; private set; } = null!;

        /// <inheritdoc/>
        public async ValueTask InitializeAsync() => Cluster = await ThreeNodes.StartAsync();

        /// <inheritdoc/>
        public ValueTask DisposeAsync() => Cluster.DisposeAsync();
    }
}
