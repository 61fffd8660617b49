using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Rabbit.Protocol.Credentials;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Host.Commands.Api;

/// <summary>What can stand between a command and the API: one sentence that says what to do.</summary>
public sealed class ApiFailureTests
{
    private static readonly string[] Stats = ["stats"];

    [Fact]
    public async Task Server_NotThere_NamesTheWayToAnother()
    {
        using var run = new ApiRun($"http://127.0.0.1:{ReservedPorts.Take(1)}");
        string sentence = await run.FailAsync(1, Stats);
        Assert.Contains("cannot be reached (Connection refused)", sentence, StringComparison.Ordinal);
        Assert.Contains("--api", sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_SpeaksSomethingElse_IsTold()
    {
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess server = await installation.StartAsync();
        using var control = new ApiRun($"http://127.0.0.1:{server.ControlPort}");
        Assert.Contains("not as Rabbit's API does", await control.FailAsync(1, Stats), StringComparison.Ordinal);
        using var plain = new ApiRun($"https://127.0.0.1:{server.Api.Address.Port}");
        Assert.Contains("does not speak TLS", await plain.FailAsync(1, Stats), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Key_NotAccepted_IsNamedBySourceAndNotShown()
    {
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess server = await installation.StartAsync();
        using var run = new ApiRun(server.Api.Address.AbsoluteUri, "rbk_wrong_geheim");
        string sentence = await run.FailAsync(1, "team", "list");
        Assert.Contains($"does not accept the API key in {run.KeyFile}", sentence, StringComparison.Ordinal);
        Assert.DoesNotContain("geheim", sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Key_NoneToBeFound_NamesWhereItWasLookedFor()
    {
        using var start = new FailedStart();
        Assert.Contains("rabbit-data/admin.key does not exist", await start.RunAsync(1, Stats), StringComparison.Ordinal);
        Assert.Contains("elsewhere/admin.key does not exist", await start.RunAsync(1, ["stats", "--data", "elsewhere"]), StringComparison.Ordinal);
        Assert.Contains("nowhere.key cannot be read", await start.RunAsync(1, Stats, ("RABBIT_KEY_FILE", "nowhere.key")), StringComparison.Ordinal);
        Assert.Contains("RABBIT_KEY is no API key", await start.RunAsync(1, Stats, ("RABBIT_KEY", "two words")), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(start.Directory));
    }

    [Fact]
    public async Task Key_InDataDirectoryOrVariable_IsFound()
    {
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess server = await installation.StartAsync();
        string address = server.Api.Address.AbsoluteUri;
        Assert.Equal(0, (await CommandRun.OfAsync(Programs.Rabbit, "team", "list", "--api", address, "--data", installation.Data)).Status);
        await using RunningProcess process = RunningProcess.Start("rabbit", Programs.Rabbit, ["stats"], new Dictionary<string, string>
        {
            ["RABBIT_API"] = address,
            ["RABBIT_KEY"] = await File.ReadAllTextAsync(Path.Combine(installation.Data, "admin.key"), TestContext.Current.CancellationToken),
        });
        Assert.Equal(0, await process.WaitForExitAsync(TimeSpan.FromSeconds(30)));
    }

    [Theory]
    [InlineData("http://192.0.2.1:8080", "192.0.2.1 without TLS")]
    [InlineData("http://example.invalid", "example.invalid without TLS")]
    [InlineData("ftp://127.0.0.1", "--api must be a URL")]
    [InlineData("127.0.0.1:8080", "--api must be a URL")]
    public async Task Address_KeyMustNotGoThere_IsAUsageError(string address, string told)
    {
        using var run = new ApiRun(address);
        Assert.Contains(told, await run.FailAsync(2, Stats), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Delete_NoTerminalAndNotConfirmed_DoesNothing()
    {
        await using ScriptedApi api = await ScriptedApi.StartAsync();
        using var run = new ApiRun(api.Address);
        foreach (string command in new[] { "team delete x", "token delete x", "token revoke x", "key revoke x" })
            Assert.Contains("--yes", await run.FailAsync(2, command.Split(' ')), StringComparison.Ordinal);
        Assert.Empty(api.Requests);
        await run.SucceedAsync("token", "delete", "x", "--yes");
        Assert.Equal(["DELETE /api/v1/tokens/x"], api.Requests);
    }

    [Fact]
    public async Task Answer_NotAsDescribed_IsTold()
    {
        await using ScriptedApi api = await ScriptedApi.StartAsync();
        using var run = new ApiRun(api.Address);
        foreach (string wrong in new[] { "null", "7", "[null]", "[{\"port\": \"x\"}]" })
        {
            api.Change = (_, answer) => answer["data"] = JsonNode.Parse(wrong);
            Assert.Contains("not as Rabbit's API does", await run.FailAsync(1, "token", "show", "x"), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("y", 0, 1)]
    [InlineData("n", 1, 0)]
    [InlineData("", 1, 0)]
    public async Task Delete_AtATerminal_Asks(string answer, int status, int requests)
    {
        await using ScriptedApi api = await ScriptedApi.StartAsync();
        using var run = new ApiRun(api.Address);
        CommandRun ended = await CommandRun.OfAsync(
            "/bin/bash", "-c", $"echo '{answer}' | /usr/bin/script -qec \"'{Programs.Rabbit}' key revoke x --api {api.Address} --key-file '{run.KeyFile}'\" /dev/null");
        Assert.Contains("Revoke the API key x for good? [y/N]", ended.Output, StringComparison.Ordinal);
        Assert.Equal((status, requests), (ended.Status, api.Requests.Count));
    }

    [Fact]
    public async Task Certificate_NobodyVouchesForIt_IsRefusedUnlessPinnedOrInTheDataDirectory()
    {
        using X509Certificate2 certificate = MakeCertificate();
        string fingerprint = CertificateFingerprint.Of(certificate);
        await using ScriptedApi api = await ScriptedApi.StartAsync(certificate: certificate);
        using var run = new ApiRun(api.Address);
        Assert.Contains($"--fingerprint {fingerprint}", await run.FailAsync(1, Stats), StringComparison.Ordinal);
        Assert.Contains("not the pinned one", await run.FailAsync(1, "stats", "--fingerprint", new string('a', 64)), StringComparison.Ordinal);
        Assert.Empty(api.Requests);

        await run.SucceedAsync("stats", "--fingerprint", fingerprint.ToUpperInvariant());
        Directory.CreateDirectory(run.FileNamed("data/tls"));
        await File.WriteAllTextAsync(run.FileNamed("data/tls/cert.pem"), certificate.ExportCertificatePem(), TestContext.Current.CancellationToken);
        await run.SucceedAsync("stats", "--data", run.FileNamed("data"));
    }

    private static X509Certificate2 MakeCertificate()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=rabbit", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }
}
