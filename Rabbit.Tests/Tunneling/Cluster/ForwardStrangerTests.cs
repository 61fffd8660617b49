using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Rabbit.Host.Tls;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Messages;
using Rabbit.Tests.Support;
using Rabbit.Tunneling.Cluster;
using Rabbit.Tunneling.State;
using Xunit;

namespace Rabbit.Tests.Tunneling.Cluster;

/// <summary>Who connects to the nodes' port without being a node.</summary>
public sealed class ForwardStrangerTests : IAsyncLifetime
{
    private readonly ForwardCluster _cluster = new();
    private readonly TempDirectory _foreign = new();
    private ForwardNode _node = null!;
    private TokenRecord _token = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _node = await _cluster.StartAsync("node", options => options.HandshakeTimeout = TimeSpan.FromSeconds(3));
        _token = _cluster.CreateToken();
        using var authority = NodeAuthority.OpenOrMake(_foreign.Path, TimeProvider.System.GetUtcNow());
        authority.Issue("node");
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        _foreign.Dispose();
    }

    [Fact]
    public async Task Plaintext_GetsNothing()
    {
        using Socket stranger = await ConnectAsync();
        await stranger.SendAllAsync(Frame.Encode(new ForwardHello(_token.TokenId, 1)), Cancellation);
        await AssertGetsNothingAsync(stranger);
    }

    [Fact]
    public async Task Silence_IsEndedAtTheDeadline()
    {
        using Socket stranger = await ConnectAsync();
        await stranger.SendAllAsync(new byte[] { 0x16 }, Cancellation);
        await AssertGetsNothingAsync(stranger);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WithoutACertificateOfTheCluster_GetsNothing(bool hasForeign)
    {
        using Socket socket = await ConnectAsync();
        await using var tls = new SslStream(new NetworkStream(socket));
        using X509Certificate2? certificate = hasForeign ? X509Certificate2.CreateFromPemFile(_foreign.File("node.pem"), _foreign.File("node.key")) : null;
        int read = -1;
        try
        {
            await tls.AuthenticateAsClientAsync(OptionsWith(certificate), Cancellation);
            await tls.WriteAsync(Frame.Encode(new NodeHello("node", Guid.NewGuid())), Cancellation);
            await tls.WriteAsync(Frame.Encode(new AskGrant(_token.TokenId, 1)), Cancellation);
            read = await tls.ReadAsync(new byte[1], Cancellation);
        }
        catch (Exception e) when (e is IOException or AuthenticationException)
        {
            read = 0;
        }
        Assert.Equal(0, read);
    }

    [Fact]
    public async Task NodeThatClaimsAnothersName_GetsNoLink()
    {
        await _cluster.StartAsync("other");
        using Socket socket = await ConnectAsync();
        await using var tls = new SslStream(new NetworkStream(socket));
        using var certificate = X509Certificate2.CreateFromPemFile(_cluster.FileOf("other.pem"), _cluster.FileOf("other.key"));
        await tls.AuthenticateAsClientAsync(OptionsWith(certificate), Cancellation);
        await tls.WriteAsync(Frame.Encode(new NodeHello("third", Guid.NewGuid())), Cancellation);
        int read;
        try
        {
            read = await tls.ReadAsync(new byte[1], Cancellation);
        }
        catch (IOException)
        {
            read = 0;
        }
        Assert.Equal(0, read);
    }

    [Fact]
    public async Task DialledNode_ThatHasAnothersCertificate_IsNotTaken()
    {
        ForwardNode other = await _cluster.StartAsync("other");
        ClusterNode impostor = other.View.Self with { NodeAddress = _node.NodePort.ToString() };
        var refused = await Assert.ThrowsAsync<IOException>(
            () => other.Get<NodeDialer>().DialAsync(impostor, TimeSpan.FromSeconds(10), Cancellation));
        Assert.Contains("is not node other", refused.Message, StringComparison.Ordinal);
        await using var right = await other.Get<NodeDialer>().DialAsync(_node.View.Self, TimeSpan.FromSeconds(10), Cancellation);
    }

    private async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(_node.NodePort, Cancellation);
        return socket;
    }

    private static SslClientAuthenticationOptions OptionsWith(X509Certificate2? certificate) => new()
    {
        TargetHost = "node",
        ClientCertificates = certificate is null ? null : [certificate],
        LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate!,
        ApplicationProtocols = [new SslApplicationProtocol("rabbit-node/1")],
        RemoteCertificateValidationCallback = (_, _, _, _) => true,
    };

    private static async Task AssertGetsNothingAsync(Socket stranger)
    {
        try
        {
            Assert.Empty(await stranger.ReadToEndAsync(TimeSpan.FromSeconds(20)));
        }
        catch (SocketException)
        {
            // A reset, which is nothing either.
        }
    }
}
