using System.Net.Sockets;
using System.Text;
using Rabbit.Tests.Support;
using Rabbit.Tunneling.Cluster;
using Rabbit.Tunneling.State;
using Xunit;

namespace Rabbit.Tests.Tunneling.Cluster;

/// <summary>Data channels that a client dials to a node that it is not logged in to.</summary>
public sealed class ForwardDirectTests : IAsyncLifetime
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    private readonly ForwardCluster _cluster = new();
    private ForwardNode _owner = null!;
    private ForwardNode _ingress = null!;
    private TokenRecord _token = null!;

    public async ValueTask InitializeAsync()
    {
        _owner = await _cluster.StartAsync("owner");
        _ingress = await _cluster.StartAsync("ingress", options => options.ClusterClientAddress = "127.0.0.12:1");
        _ingress.Join(_ingress.NodePort, _ingress.ControlPort.ToString());
        _token = _cluster.CreateToken();
    }

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    private ForwardingSession Session => (ForwardingSession)_ingress.SessionOf(_token)!;

    [Fact]
    public async Task ClientThatCan_DialsTheNode_WhichServesVisitorsWithoutTheOwner()
    {
        await using LocalService service = LocalService.Echo();
        await using ForwardClient client = await ConnectAsync(service);
        await AssertEchoAsync();
        await Eventually.BecomesAsync(() => Session.IsDirect && Session.ReadyChannels > 0, isDirect => isDirect, Soon, "data channels come here");

        using Socket visitor = await _ingress.VisitAsync(_token);
        await visitor.SendAllAsync("direct");
        Assert.Equal("direct", Encoding.ASCII.GetString(await visitor.ReadExactlyAsync(6)));
        Assert.Equal(0, _owner.Get<ForwardedVisitors>().Count);
        visitor.Shutdown(SocketShutdown.Send);
        Assert.Empty(await visitor.ReadToEndAsync(Soon));
    }

    [Fact]
    public async Task ClientThatMayNot_IsNotAsked_AndTheOwnerForwards()
    {
        await using LocalService service = LocalService.Echo();
        await using ForwardClient client = await ConnectAsync(service, noDirect: true);
        await AssertEchoAsync();
        Assert.False(Session.Route.TakesChannelsElsewhere);
        Assert.False(Session.IsDirect);
        Assert.DoesNotContain(_ingress.Log, line => line.Contains("opens no data channels", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ClientThatCannotReachTheNode_SaysSo_AndTheOwnerForwards()
    {
        _ingress.Join(_ingress.NodePort, $"127.0.0.1:{LocalService.RefusingPort()}");
        await using LocalService service = LocalService.Echo();
        await using ForwardClient client = await ConnectAsync(service);
        await AssertEchoAsync();
        await Eventually.BecomesAsync(
            () => _ingress.Log.Any(line => line.Contains("opens no data channels", StringComparison.Ordinal) && line.Contains("nothing listens", StringComparison.Ordinal)),
            isTold => isTold, Soon, "the client has failed");
        Assert.False(Session.IsDirect);
        for (int i = 0; i < 20; i++)
            await AssertEchoAsync();
    }

    [Fact]
    public async Task NodeWithAnotherCertificateThanTold_GetsNoChannel()
    {
        // The client is told the fingerprint of the ingress, and finds the owner there.
        _ingress.Join(_ingress.NodePort, _owner.ControlPort.ToString());
        await using LocalService service = LocalService.Echo();
        await using ForwardClient client = await ConnectAsync(service);
        await AssertEchoAsync();
        await Eventually.BecomesAsync(
            () => _ingress.Log.Any(line => line.Contains("does not show the certificate", StringComparison.Ordinal)), isTold => isTold, Soon, "the client has refused");
        await AssertEchoAsync();
    }

    [Fact]
    public async Task OwnersSessionEnds_ItsChannelsHereAreUsedNoMore()
    {
        ForwardNode next = await _cluster.StartAsync("next");
        await using LocalService service = LocalService.Echo();
        await using LocalService other = LocalService.SpeaksFirst("next"u8.ToArray());
        await using ForwardClient client = await ConnectAsync(service);
        await AssertEchoAsync();
        await Eventually.BecomesAsync(() => Session.IsDirect && Session.ReadyChannels > 0, isDirect => isDirect, Soon, "data channels come here");

        _ingress.View.IsDeaf = true;
        await using ForwardClient newer = await ForwardClient.ConnectAsync(_cluster, _token, next, other.Port);
        await Eventually.BecomesAsync(() => _ingress.SessionOf(_token) is null, isGone => isGone, Soon, "the owner has taken the grant back");
        _ingress.View.IsDeaf = false;
        using Socket visitor = await _ingress.VisitAsync(_token);
        Assert.Equal("next", Encoding.ASCII.GetString(await visitor.ReadToEndAsync(Soon)));
    }

    private async Task AssertEchoAsync()
    {
        using Socket visitor = await _ingress.VisitAsync(_token);
        await visitor.SendAllAsync("hello");
        visitor.Shutdown(SocketShutdown.Send);
        Assert.Equal("hello", Encoding.ASCII.GetString(await visitor.ReadToEndAsync(Soon)));
    }

    private async Task<ForwardClient> ConnectAsync(LocalService service, bool noDirect = false)
    {
        ForwardClient client = await ForwardClient.ConnectAsync(_cluster, _token, _owner, service.Port, noDirect);
        await ForwardCluster.FollowsAsync(_ingress, _token, _owner);
        return client;
    }
}
