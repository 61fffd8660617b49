using Rabbit.Protocol.Credentials;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd;

/// <summary>Which servers the real client trusts, each time with the real server.</summary>
[Trait("Property", "P05")]
public sealed class TrustTests(RunningServer running) : IClassFixture<RunningServer>
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    private RabbitProcess Server => running.Server;

    private string CertificateFile => Path.Combine(running.Installation.Data, "tls", "cert.pem");

    [Fact]
    public async Task FirstUse_RemembersTheCertificateAndRefusesAnother()
    {
        using var home = new TempDirectory();
        TestToken token = await Server.CreateTokenAsync();
        string known = home.File("rabbit/known_servers");

        await ExpectUpAsync(home, "remembered", Connect(token));
        string line = Assert.Single(await File.ReadAllLinesAsync(known, TestContext.Current.CancellationToken));
        Assert.StartsWith($"localhost:{Server.ControlPort} ", line, StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(known));

        await ExpectUpAsync(home, "Tunnel is up", Connect(token));
        Assert.Single(await File.ReadAllLinesAsync(known, TestContext.Current.CancellationToken));

        string other = new('a', 64);
        await File.WriteAllTextAsync(known, $"localhost:{Server.ControlPort} {other}\n", TestContext.Current.CancellationToken);
        string sentence = await ExpectRefusalAsync(home, Connect(token));
        Assert.Contains(other, sentence, StringComparison.Ordinal);
        Assert.Contains(line.Split(' ')[1], sentence, StringComparison.Ordinal);
        Assert.Contains(known, sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Authority_AcceptsWhatItIssuedAndNothingElse()
    {
        using var home = new TempDirectory();
        TestToken token = await Server.CreateTokenAsync();
        await ExpectUpAsync(home, "Tunnel is up", Connect(token, "--ca", CertificateFile));
        Assert.False(File.Exists(home.File("rabbit/known_servers")));
        string sentence = await ExpectRefusalAsync(home, Connect(token, "--ca", await OtherAuthorityAsync(home)));
        Assert.Contains("authority", sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pin_IsAcceptedInAnyNotation_AndKeepsTheTokenFromOthers()
    {
        using var home = new TempDirectory();
        TestToken token = await Server.CreateTokenAsync();
        string pin = ConnectionUri.Parse(await Server.ConnectionStringAsync(token)).Fingerprint!;
        string withColons = string.Join(':', Enumerable.Range(0, 32).Select(i => pin.Substring(2 * i, 2))).ToUpperInvariant();
        await ExpectUpAsync(home, "Tunnel is up", Connect(token, "--fingerprint", withColons));
        await ExpectRefusalAsync(home, Connect(token, "--fingerprint", new string('0', 64)));
    }

    private string[] Connect(TestToken token, params string[] more) =>
        ["connect", "--server", $"localhost:{Server.ControlPort}", "--token", token.Text, "--local-port", "1", .. more];

    private static async Task ExpectUpAsync(TempDirectory home, string line, string[] arguments)
    {
        await using RunningProcess client = Start(home, arguments);
        await client.WaitForLineAsync(line, Soon);
        await client.WaitForLineAsync("Tunnel is up", Soon);
        Assert.DoesNotContain(client.Lines, written => written.Contains(arguments[4], StringComparison.Ordinal));
    }

    private static async Task<string> ExpectRefusalAsync(TempDirectory home, string[] arguments)
    {
        await using RunningProcess client = Start(home, arguments);
        Assert.Equal(1, await client.WaitForExitAsync(Soon));
        Assert.DoesNotContain(client.Lines, written => written.Contains(arguments[4], StringComparison.Ordinal));
        return Assert.Single(client.Lines, written => written.StartsWith("tunnel-client: ", StringComparison.Ordinal));
    }

    private static RunningProcess Start(TempDirectory home, string[] arguments) => RunningProcess.Start(
        "tunnel-client", Programs.TunnelClient, arguments,
        new Dictionary<string, string> { ["HOME"] = home.Path, ["XDG_CONFIG_HOME"] = home.Path });

    private static async Task<string> OtherAuthorityAsync(TempDirectory home)
    {
        using var key = System.Security.Cryptography.ECDsa.Create();
        var request = new System.Security.Cryptography.X509Certificates.CertificateRequest(
            "CN=other", key, System.Security.Cryptography.HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(1));
        string file = home.File("other.pem");
        await File.WriteAllTextAsync(file, certificate.ExportCertificatePem(), TestContext.Current.CancellationToken);
        return file;
    }
}
