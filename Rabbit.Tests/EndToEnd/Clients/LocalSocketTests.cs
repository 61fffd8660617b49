using System.Net.Sockets;
using System.Text;
using Rabbit.Protocol.Credentials;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd.Clients;

/// <summary>A local service on a unix socket.</summary>
public sealed class LocalSocketTests(RunningServer running) : IClassFixture<RunningServer>
{
    private const long Length = 20_000_000;
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Visitor_ReachesTheSocket_BothWaysAndHalfClosed(bool isAbstract)
    {
        using var home = new ClientHome();
        string path = isAbstract ? $"@rabbit-test-{Guid.NewGuid():N}" : home.File("service.sock");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(isAbstract ? '\0' + path[1..] : path));
        listener.Listen(16);
        TestToken token = await running.Server.CreateTokenAsync();
        await using RunningProcess client = home.Start(
            "connect", (ConnectionUri.Parse(await running.Server.ConnectionStringAsync(token)) with { Token = "" }).Reveal(),
            "--token-file", home.Write("token", token.Text), "--local-socket", path, "--health", "none");
        await client.WaitForLineAsync($"Tunnel is up: visitors reach {path} through", Soon);

        using Socket visitor = await SocketConversation.ConnectAsync(token.Port);
        Task<string> sending = Bulk.SendAsync(visitor, Length, TestContext.Current.CancellationToken);
        using Socket service = await listener.AcceptAsync(TestContext.Current.CancellationToken);
        Task<(string Hash, long Length)> receiving = HashAsync(service);
        string sent = await sending;
        visitor.Shutdown(SocketShutdown.Send);
        Assert.Equal((sent, Length), await receiving.WaitAsync(Soon, TestContext.Current.CancellationToken));
        await service.SendAllAsync("goodbye"u8.ToArray(), TestContext.Current.CancellationToken);
        service.Shutdown(SocketShutdown.Send);
        Assert.Equal("goodbye", Encoding.ASCII.GetString(await visitor.ReadToEndAsync(Soon)));
    }

    [Fact]
    public async Task SocketNotThere_IsSaidAtTheStart_AndTheVisitorIsTold()
    {
        using var home = new ClientHome();
        TestToken token = await running.Server.CreateTokenAsync();
        await using RunningProcess client = home.Start(
            "connect", (ConnectionUri.Parse(await running.Server.ConnectionStringAsync(token)) with { Token = "" }).Reveal(),
            "--token-file", home.Write("token", token.Text), "--local-socket", home.File("none.sock"));
        await client.WaitForLineAsync($"there is no socket {home.File("none.sock")}", Soon);
        await client.WaitForLineAsync("Tunnel is up", Soon);
        using Socket visitor = await SocketConversation.ConnectAsync(token.Port);
        await visitor.SendAllAsync("GET / HTTP/1.1\r\nHost: here\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 502 Bad Gateway\r\n", Encoding.ASCII.GetString(await visitor.ReadToEndAsync()), StringComparison.Ordinal);
        Assert.False(client.HasExited);
    }

    private static async Task<(string Hash, long Length)> HashAsync(Socket socket)
    {
        var (hash, length) = await Bulk.ReceiveAsync(socket, TestContext.Current.CancellationToken);
        return (hash, length);
    }
}
