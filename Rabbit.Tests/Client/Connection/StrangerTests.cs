using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Rabbit.Client.Commands;
using Rabbit.Client.Connection;
using Rabbit.Client.Status;
using Rabbit.Client.Trust;
using Rabbit.Protocol.Credentials;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Messages;
using Rabbit.Tests.Persistence;
using Rabbit.Tests.Protocol.Transport;
using Rabbit.Tests.Support;
using Xunit;
using LocalService = Rabbit.Tests.Support.LocalService;

namespace Rabbit.Tests.Client.Connection;

/// <summary>A client pointed at something that is not Rabbit.</summary>
public sealed class StrangerTests
{
    private const string Mysql = "J\0\0\0\n8.0.32\0";
    private const string WebServer = "HTTP/1.1 400 Bad Request\r\n\r\n";
    private const string SshServer = "SSH-2.0-OpenSSH_9.2\r\n";

    [Theory]
    [InlineData(WebServer, "answered with HTTP", true)]
    [InlineData(WebServer, "answered with HTTP", false)]
    [InlineData(SshServer, "answered with SSH", true)]
    [InlineData(SshServer, "answered with SSH", false)]
    [InlineData(Mysql, "answered in another protocol", true)]
    [InlineData(Mysql, "answered in another protocol", false)]
    [InlineData("\x15\x03\x03\0\x02\x02\x46", "answered with TLS", true)]
    [InlineData("\x15\x03\x03\0\x02\x02\x46", "answered with TLS", false)]
    [InlineData("\0\0\0\0\x04", "answered in another protocol", true)]
    public async Task FirstConnection_SomethingElseAnswers_SaysWhatAndEnds(string answer, string finding, bool plaintext)
    {
        await using LocalService stranger = Says(answer);
        var failed = await Assert.ThrowsAsync<TunnelFailedException>(() => RunAsync(stranger.Port, plaintext, TimeProvider.System));
        Assert.StartsWith($"127.0.0.1:{stranger.Port} {finding}", failed.Message, StringComparison.Ordinal);
        Assert.EndsWith("a Rabbit server: check the address; the control port is 9999 by default.", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FirstConnection_SilenceInPlaintext_Ends()
    {
        await using LocalService silent = Says("");
        var failed = await Assert.ThrowsAsync<TunnelFailedException>(
            () => RunAsync(silent.Port, plaintext: true, new FastTime(20, atLeast: TimeSpan.FromSeconds(10))));
        Assert.StartsWith($"127.0.0.1:{silent.Port} accepts connections but says nothing", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Property", "P05")]
    public async Task FirstConnection_WebServerUnderTls_EndsRemembersNothingAndShowsItNoToken()
    {
        var heard = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var stranger = new LocalService(async (socket, cancellationToken) =>
        {
            using var bytes = new MemoryStream();
            await using var tls = new SslStream(new NetworkStream(socket));
            try
            {
                await tls.AuthenticateAsServerAsync(
                    new SslServerAuthenticationOptions { ServerCertificate = TlsPair.CreateCertificate() }, cancellationToken);
                await tls.CopyToAsync(bytes, cancellationToken);
            }
            catch (IOException)
            {
                // The client has left.
            }
            heard.SetResult(bytes.Length);
        });
        using var home = new TempDirectory();
        var failed = await Assert.ThrowsAsync<TunnelFailedException>(
            () => RunAsync(stranger.Port, plaintext: false, TimeProvider.System, home));
        Assert.StartsWith($"127.0.0.1:{stranger.Port} answered with TLS, but not as a Rabbit server", failed.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(home.Path));
        Assert.Equal(0, await heard.Task.WaitAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(WebServer)]
    [InlineData(SshServer)]
    public async Task LaterConnection_SomethingElseAnswers_IsTriedAgain(string answer)
    {
        using var server = new ScriptedServer();
        await using var client = new RunningClient(server.Port);
        (await server.AcceptLoginAsync()).Control.Dispose();
        Task said = client.NextLineAsync("not as a Rabbit server");
        for (int attempt = 0; attempt < 3; attempt++)
        {
            var (connection, _) = await server.AcceptAsync();
            await connection.Socket.SendAllAsync(answer);
            Assert.Null(await connection.ReadOrEndAsync());
            connection.Dispose();
        }
        await said.WaitAsync(TestContext.Current.CancellationToken);
        using var back = (await server.AcceptLoginAsync()).Control;
        Assert.False(client.Completion.IsCompleted);
    }

    [Fact]
    public async Task FirstConnection_ClosedWithoutAnAnswer_IsTriedAgain()
    {
        using var server = new ScriptedServer();
        await using var client = new RunningClient(server.Port);
        (await server.AcceptAsync()).Connection.Dispose();
        using var back = (await server.AcceptLoginAsync()).Control;
        await back.SendAsync(new Ping(1));
        Assert.Equal(FrameType.Pong, (await back.ReadAsync()).Type);
    }

    private static LocalService Says(string answer) => new(async (socket, cancellationToken) =>
    {
        await socket.SendAllAsync(Encoding.Latin1.GetBytes(answer), cancellationToken);
        await socket.ReadToEndAsync(cancellationToken);
    });

    private static async Task RunAsync(int port, bool plaintext, TimeProvider time, TempDirectory? home = null)
    {
        using var directory = home is null ? new TempDirectory() : null;
        var options = new ConnectOptions(
            TokenText.Create(), "127.0.0.1", port, new LocalTarget.Tcp("127.0.0.1", 1), Fingerprint: null, CaFile: null, plaintext, "test");
        using var log = new LogLines();
        var trust = new ServerTrust(options, new KnownServers((home ?? directory!).File("known_servers")), log);
        await new TunnelRunner(options, trust, new TunnelStatus(null, options, time), time, new NoJitter(1), log).RunAsync(TestContext.Current.CancellationToken);
    }
}
