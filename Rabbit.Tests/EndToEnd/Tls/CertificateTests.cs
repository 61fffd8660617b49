using System.Net.Sockets;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd.Tls;

/// <summary>The operator's certificate: shown with its chain, and renewed while the server runs.</summary>
[Trait("Property", "P05")]
public sealed class CertificateTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Chain_ReachesAClientThatTrustsTheRootAlone()
    {
        using var authority = new TestAuthority();
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess server = await installation.StartAsync([.. With(authority.IssueForServer("server")), ("RABBIT_API_BIND", "0.0.0.0")]);
        await using LocalService service = LocalService.Echo();
        await using RunningProcess client = await ConnectAsync(server, await FirstTokenAsync(server), service.Port, "--ca", authority.RootFile);
        string seen = await TlsProbe.OpenSslAsync(installation.ControlPort, "-CAfile", authority.RootFile, "-verify_return_error");
        Assert.Contains("Verify return code: 0 (ok)", seen, StringComparison.Ordinal);
        await using RunningProcess curl = RunningProcess.Start(
            "curl", "curl", ["-sS", "--cacert", authority.RootFile, $"https://localhost:{server.Api.Address.Port}/api/v1/health/live"]);
        Assert.True(await curl.WaitForExitAsync(Soon) == 0, curl.Transcript());
    }

    [Theory]
    [InlineData("-tls1", false)]
    [InlineData("-tls1_1", false)]
    [InlineData("-tls1_2", true)]
    [InlineData("-tls1_3", true)]
    public async Task Version_OlderThan12_IsRefused(string version, bool isSpoken)
    {
        await using Installation installation = await Installation.CreateAsync();
        await installation.StartAsync();
        // The lowest level lets OpenSSL offer the old ones at all.
        string seen = await TlsProbe.OpenSslAsync(installation.ControlPort, version, "-cipher", "DEFAULT@SECLEVEL=0");
        Assert.Contains(isSpoken ? "BEGIN CERTIFICATE" : "alert protocol version", seen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_Replaced_NextHandshakesShowTheNew_AndNothingIsDropped()
    {
        using var authority = new TestAuthority();
        IssuedCertificate first = authority.IssueForServer("first"), second = authority.IssueForServer("second"), third = authority.IssueForServer("third");
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess server = await installation.StartAsync([.. With(first), ("RABBIT_API_BIND", "0.0.0.0")]);
        await using LocalService service = LocalService.Echo();
        TestToken token = await FirstTokenAsync(server);
        await using RunningProcess client = await ConnectAsync(server, token, service.Port, "--ca", authority.RootFile);
        using Socket visitor = await SocketConversation.ConnectAsync(token.Port);
        await AssertEchoesAsync(visitor);
        Assert.Equal(first.Fingerprint, await TlsProbe.FingerprintAsync(installation.ControlPort));

        second.Replace(first);
        server.Process.Send(Signal.HangUp);
        await server.Process.WaitForLineAsync($"the certificate for new connections is {second.Fingerprint}", Soon);
        Assert.Equal(second.Fingerprint, await TlsProbe.FingerprintAsync(installation.ControlPort));
        Assert.Equal(second.Fingerprint, await TlsProbe.FingerprintAsync(server.Api.Address.Port));
        await AssertEchoesAsync(visitor);
        // More than there are channels ready: some are opened by now, and shown the new one.
        for (int i = 0; i < 20; i++)
        {
            using Socket next = await SocketConversation.ConnectAsync(token.Port);
            await AssertEchoesAsync(next);
        }

        // A pair that does not belong together is told once, and nobody is shown it.
        int mark = server.Process.Mark;
        await File.WriteAllTextAsync(first.KeyFile, await File.ReadAllTextAsync(third.KeyFile, TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);
        server.Process.Send(Signal.HangUp);
        await server.Process.WaitForLineAsync("cannot be used, so the former are kept", Soon, mark);
        Assert.Equal(second.Fingerprint, await TlsProbe.FingerprintAsync(installation.ControlPort));

        // Without a signal it is seen all the same.
        third.Replace(first);
        await server.Process.WaitForLineAsync($"the certificate for new connections is {third.Fingerprint}", Soon, mark);
        Assert.Single(server.Process.Lines.Skip(mark), line => line.Contains("are kept until they change again", StringComparison.Ordinal));
        await AssertEchoesAsync(visitor);
        Assert.DoesNotContain(client.Lines, line => line.Contains("No tunnel", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Certificate_AboutToExpire_IsWarnedOf()
    {
        using var authority = new TestAuthority();
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess server = await installation.StartAsync(With(authority.IssueForServer("short", TimeSpan.FromDays(3))));
        await server.Process.WaitForLineAsync("The server's certificate expires at", Soon);
    }

    [Fact]
    [Trait("Property", "P07")]
    public async Task Handshake_LongerThanAnyHonestOne_IsCut()
    {
        await using Installation installation = await Installation.CreateAsync();
        await installation.StartAsync();
        using Socket socket = await SocketConversation.ConnectAsync(installation.ControlPort);
        long started = TimeProvider.System.GetTimestamp();
        // A ClientHello that says to be 64 KiB long, in records of 4 KiB.
        byte[] record = new byte[5 + 4096];
        new byte[] { 0x16, 3, 1, 0x10, 0x00, 1, 0, 0xFF, 0xFF, 3, 3 }.CopyTo(record, 0);
        try
        {
            for (int i = 0; i < 4; i++)
                await socket.SendAllAsync(record, TestContext.Current.CancellationToken);
        }
        catch (SocketException)
        {
            // Cut already.
        }
        await socket.EndsWithResetAsync(Soon);
        Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(5), "It was cut by the deadline only.");
    }

    internal static (string Name, string Value)[] With(IssuedCertificate certificate) =>
        [("RABBIT_CERTIFICATE", certificate.CertificateFile), ("RABBIT_CERTIFICATE_KEY", certificate.KeyFile)];

    internal static Task<TestToken> FirstTokenAsync(RabbitProcess server) => server.CreateTokenAsync();

    internal static async Task<RunningProcess> ConnectAsync(RabbitProcess server, TestToken token, int localPort, params string[] options)
    {
        RunningProcess client = Start(server, token, localPort, options);
        await client.WaitForLineAsync("Tunnel is up", Soon);
        return client;
    }

    internal static RunningProcess Start(RabbitProcess server, TestToken token, int localPort, params string[] options) => RunningProcess.Start(
        "tunnel-client", Programs.TunnelClient,
        ["connect", "--server", $"localhost:{server.ControlPort}", "--local-host", "127.0.0.1", "--local-port", $"{localPort}", "--verbose", .. options],
        new Dictionary<string, string> { ["RABBIT_TOKEN"] = token.Text });

    internal static async Task AssertEchoesAsync(Socket visitor)
    {
        await visitor.SendAllAsync("?");
        Assert.Equal("?"u8.ToArray(), await visitor.ReadExactlyAsync(1));
    }
}
