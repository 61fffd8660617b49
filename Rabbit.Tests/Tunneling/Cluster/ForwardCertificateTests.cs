using System.Security.Cryptography.X509Certificates;
using Rabbit.Host.Commands;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Tunneling.Cluster;

/// <summary><c>rabbit cluster certificate</c>.</summary>
public sealed class ForwardCertificateTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Certificate_OfTwoNodes_AreIssuedByOneAuthority_WithKeysForThisAccountAlone()
    {
        Assert.Equal(0, await RunAsync("a", "node_b.example"));
        using X509Certificate2 authority = X509CertificateLoader.LoadCertificateFromFile(_directory.File("ca.pem"));
        foreach (string node in new[] { "a", "node_b.example" })
        {
            using var certificate = X509Certificate2.CreateFromPemFile(_directory.File($"{node}.pem"), _directory.File($"{node}.key"));
            Assert.Equal(authority.Subject, certificate.Issuer);
            Assert.Equal([node], certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single().EnumerateDnsNames());
            Assert.InRange((certificate.NotAfter - certificate.NotBefore).TotalDays, 730, 733);
            if (!OperatingSystem.IsWindows())
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_directory.File($"{node}.key")));
        }
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_directory.File("ca.key")));
        Assert.InRange((authority.NotAfter - authority.NotBefore).TotalDays, 3652, 3655);
    }

    [Fact]
    public async Task Certificate_OfOneMoreNode_UsesTheAuthorityThatIsThere()
    {
        Assert.Equal(0, await RunAsync("a"));
        string authority = await ReadAsync("ca.pem");
        Assert.Equal(0, await RunAsync("b"));
        Assert.Equal(authority, await ReadAsync("ca.pem"));
    }

    [Fact]
    public async Task Certificate_OfANodeThatHasOne_OverwritesNothing()
    {
        Assert.Equal(0, await RunAsync("a"));
        string key = await ReadAsync("a.key");
        Assert.Equal(1, await RunAsync("b", "a"));
        Assert.Equal(key, await ReadAsync("a.key"));
        Assert.False(File.Exists(_directory.File("b.key")), "Something was made though not all could be.");
    }

    [Theory]
    [InlineData("ca")]
    [InlineData("../a")]
    [InlineData("a b")]
    [InlineData("")]
    public async Task Certificate_OfWhatIsNoName_IsRefused(string node)
    {
        Assert.Equal(2, await RunAsync(node));
        Assert.Empty(Directory.GetFiles(_directory.Path));
    }

    [Fact]
    public async Task Certificate_WithoutTheAuthoritysKey_MakesNoOtherAuthority()
    {
        Assert.Equal(0, await RunAsync("a"));
        File.Delete(_directory.File("ca.key"));
        Assert.Equal(1, await RunAsync("b"));
        Assert.False(File.Exists(_directory.File("b.key")));
    }

    private Task<int> RunAsync(params string[] nodes) => RabbitCommand.RunAsync(["cluster", "certificate", _directory.Path, .. nodes.SelectMany(node => new[] { "--node", node })]);

    private Task<string> ReadAsync(string name) => File.ReadAllTextAsync(_directory.File(name), TestContext.Current.CancellationToken);
}
