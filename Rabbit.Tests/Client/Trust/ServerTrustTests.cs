using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Rabbit.Client.Commands;
using Rabbit.Client.Connection;
using Rabbit.Client.Trust;
using Rabbit.Protocol;
using Rabbit.Protocol.Credentials;
using Rabbit.Protocol.Messages;
using Rabbit.Protocol.Transport;
using Rabbit.Tests.Persistence;
using Rabbit.Tests.Support;
using Xunit;
using LocalService = Rabbit.Tests.Support.LocalService;

namespace Rabbit.Tests.Client.Trust;

/// <summary>Which certificates the client accepts, in real handshakes.</summary>
[Trait("Property", "P05")]
public sealed class ServerTrustTests : IDisposable
{
    private readonly TempDirectory _home = new();
    private readonly TestAuthority _authority = new();
    private readonly LogLines _log = new();

    private string KnownFile => _home.File("config/rabbit/known_servers");

    [Fact]
    public async Task Pinned_SameCertificate_IsAcceptedWhateverItsName()
    {
        using X509Certificate2 certificate = _authority.Issue("elsewhere.test");
        await using LocalService server = Serve(certificate);
        await ConnectAsync(Dialer(Options(server, fingerprint: CertificateFingerprint.Of(certificate))), server);
        Assert.False(File.Exists(KnownFile));
    }

    [Fact]
    public async Task Pinned_AnotherCertificate_IsRefusedWithBothFingerprints()
    {
        using X509Certificate2 certificate = _authority.Issue("localhost");
        await using LocalService server = Serve(certificate);
        string pinned = new('b', 64);
        string sentence = await RefusalAsync(Dialer(Options(server, fingerprint: pinned)), server);
        Assert.Contains(pinned, sentence, StringComparison.Ordinal);
        Assert.Contains(CertificateFingerprint.Of(certificate), sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Authority_IssuedForThisHost_IsAccepted()
    {
        using X509Certificate2 certificate = _authority.Issue("localhost");
        await using LocalService server = Serve(certificate);
        await ConnectAsync(Dialer(Options(server, ca: AuthorityFile(_authority))), server);
        Assert.False(File.Exists(KnownFile));
    }

    [Fact]
    public async Task Authority_IssuedForAnotherHost_IsRefused()
    {
        using X509Certificate2 certificate = _authority.Issue("elsewhere.test");
        await using LocalService server = Serve(certificate);
        string sentence = await RefusalAsync(Dialer(Options(server, ca: AuthorityFile(_authority))), server);
        Assert.Contains("was not issued for localhost", sentence, StringComparison.Ordinal);
        Assert.Contains("NameMismatch", sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Authority_Another_IsRefused()
    {
        using var other = new TestAuthority();
        using X509Certificate2 certificate = other.Issue("localhost");
        await using LocalService server = Serve(certificate);
        string file = AuthorityFile(_authority);
        Assert.Contains(file, await RefusalAsync(Dialer(Options(server, ca: file)), server), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nothing of the kind")]
    [InlineData("")]
    public async Task Authority_FileWithoutACertificate_IsAUsageError(string content)
    {
        string file = _home.File("ca.pem");
        await File.WriteAllTextAsync(file, content, TestContext.Current.CancellationToken);
        await using LocalService server = LocalService.Echo();
        Assert.Contains(file, Assert.Throws<FormatException>(() => Dialer(Options(server, ca: file))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FirstUse_RemembersForThisAccountAlone_AndAcceptsTheSameAgain()
    {
        using X509Certificate2 certificate = _authority.Issue("elsewhere.test");
        await using LocalService server = Serve(certificate);
        for (int run = 0; run < 2; run++)
        {
            await ConnectAsync(Dialer(Options(server)), server);
            string line = Assert.Single(await File.ReadAllLinesAsync(KnownFile, TestContext.Current.CancellationToken));
            Assert.Equal($"localhost:{server.Port} {CertificateFingerprint.Of(certificate)}", line);
        }
        Assert.Single(_log.Lines, line => line.Contains("First contact", StringComparison.Ordinal));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(KnownFile));
            Assert.Equal(
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(KnownFile)!));
        }
    }

    [Fact]
    public async Task Remembered_ChangedCertificate_IsRefusedWithBothFingerprints()
    {
        using X509Certificate2 first = _authority.Issue("localhost");
        using X509Certificate2 second = _authority.Issue("localhost");
        await using LocalService server = Serve(first);
        await using LocalService standIn = Serve(second);
        ConnectOptions options = Options(server);
        await ConnectAsync(Dialer(options), server);

        string sentence = await RefusalAsync(Dialer(options), standIn);
        Assert.Contains(CertificateFingerprint.Of(first), sentence, StringComparison.Ordinal);
        Assert.Contains(CertificateFingerprint.Of(second), sentence, StringComparison.Ordinal);
        Assert.Contains(KnownFile, sentence, StringComparison.Ordinal);
        Assert.Single(await File.ReadAllLinesAsync(KnownFile, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Accepted_ThenForgottenAndChanged_IsNoFirstUseAgain()
    {
        using X509Certificate2 first = _authority.Issue("localhost");
        using X509Certificate2 second = _authority.Issue("localhost");
        await using LocalService server = Serve(first);
        await using LocalService standIn = Serve(second);
        ServerDialer dialer = Dialer(Options(server));
        await ConnectAsync(dialer, server);
        File.Delete(KnownFile);

        Assert.Contains(CertificateFingerprint.Of(first), await RefusalAsync(dialer, standIn), StringComparison.Ordinal);
        Assert.False(File.Exists(KnownFile));
        await ConnectAsync(dialer, server);
    }

    [Fact]
    public async Task FirstUse_ListCannotBeKept_IsRefusedAndNamesThePin()
    {
        using X509Certificate2 certificate = _authority.Issue("localhost");
        await using LocalService server = Serve(certificate);
        await File.WriteAllTextAsync(_home.File("config"), "a file where a directory should be", TestContext.Current.CancellationToken);
        Assert.Contains(
            $"--fingerprint {CertificateFingerprint.Of(certificate)}", await RefusalAsync(Dialer(Options(server)), server), StringComparison.Ordinal);
    }

    [Fact]
    public async Task NodeOfACluster_ShowsTheCertificateThatTheServerHasToldOf_OrIsNotUsed()
    {
        using X509Certificate2 certificate = _authority.Issue("elsewhere.test");
        await using LocalService node = Serve(certificate);
        // The server's own pin is another's.
        ConnectOptions options = Options(node, fingerprint: new string('b', 64));
        var places = new ServerPlaces(options, new ServerTrust(options, new KnownServers(KnownFile), _log), TimeProvider.System);
        places.Become(new Nodes([new NodePlace(IsThis: false, $"localhost:{node.Port}", CertificateFingerprint.Of(certificate))]));
        await using (RelayEnd end = await Assert.Single(places.All()).DialAsync(TestContext.Current.CancellationToken))
            Assert.Equal((byte)'!', Assert.Single(await end.ReadExactlyAsync(1)));

        places.Become(new Nodes([new NodePlace(IsThis: false, $"localhost:{node.Port}", new string('a', 64))]));
        var refused = await Assert.ThrowsAsync<ServerUnavailableException>(
            () => Assert.Single(places.All()).DialAsync(TestContext.Current.CancellationToken));
        Assert.Contains("is not used", refused.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(KnownFile));
    }

    public void Dispose()
    {
        _authority.Dispose();
        _home.Dispose();
        _log.Dispose();
    }

    /// <summary>A server that speaks TLS as Rabbit does; a byte from it shows that the client has accepted the certificate.</summary>
    private static LocalService Serve(X509Certificate2 certificate) => new(async (socket, cancellationToken) =>
    {
        await using var tls = new SslStream(new NetworkStream(socket));
        try
        {
            await tls.AuthenticateAsServerAsync(
                new SslServerAuthenticationOptions
                {
                    ServerCertificate = certificate,
                    ApplicationProtocols = [new SslApplicationProtocol(Preamble.AlpnName)],
                },
                cancellationToken);
            await tls.WriteAsync("!"u8.ToArray(), cancellationToken);
            await tls.ReadExactlyAsync(new byte[1], cancellationToken);
        }
        catch (Exception e) when (e is IOException or AuthenticationException)
        {
            // The client has left; it says why.
        }
    });

    private static ConnectOptions Options(LocalService server, string? fingerprint = null, string? ca = null) => new(
        TokenText.Create(), "localhost", server.Port, new LocalTarget.Tcp("localhost", 1), fingerprint, ca, Plaintext: false, "test");

    /// <summary>What a process dials with; the port is the one that it is told to dial, the server's or a stand-in's.</summary>
    private ServerDialer Dialer(ConnectOptions options) =>
        new(options, new ServerTrust(options, new KnownServers(KnownFile), _log), TimeProvider.System);

    private static async Task ConnectAsync(ServerDialer dialer, LocalService server)
    {
        await using RelayEnd end = await dialer.DialAsync(new DnsEndPoint("localhost", server.Port), TestContext.Current.CancellationToken);
        Assert.Equal((byte)'!', Assert.Single(await end.ReadExactlyAsync(1)));
    }

    private static async Task<string> RefusalAsync(ServerDialer dialer, LocalService server) =>
        (await Assert.ThrowsAsync<TunnelFailedException>(() => ConnectAsync(dialer, server))).Message;

    private string AuthorityFile(TestAuthority authority)
    {
        string file = _home.File("ca.pem");
        File.WriteAllText(file, authority.Pem);
        return file;
    }
}
