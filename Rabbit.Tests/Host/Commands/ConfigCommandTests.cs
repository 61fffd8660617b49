using System.Text.Json;
using Rabbit.Tests.Packages;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Host.Commands;

/// <summary><c>rabbit config</c>, and what a start says of keys that nobody reads.</summary>
public sealed class ConfigCommandTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("""{ "Rabbit": { "ApiPrt": 1 } }""", "ApiPrt in rabbit.json is no setting; the nearest one is ApiPort.")]
    [InlineData("""{ "Rabbit": { "visitornetwork": "10.0.0.0/8" } }""", "the nearest one is VisitorNetworks.")]
    [InlineData("""{ "Rabbit": { "Certificate": "a.pem" } }""", "the nearest one is CertificateFile.")]
    [InlineData("""{ "Rabbit": { "Api": { "Port": 1 } } }""", "Api.Port in rabbit.json is no setting; the nearest one is ApiPort.")]
    [InlineData("""{ "Rabbit": { "Colour": "blue" } }""", "Colour in rabbit.json is no setting; docs/configuration.md lists what there is.")]
    [InlineData("""{ "Rabbit": { "ProxyFrom": ["10.0.0.0/8"] } }""", "ProxyFrom in rabbit.json must be one value, not a list or an object")]
    [InlineData("""{ "ApiPort": 1 }""", """ApiPort in rabbit.json stands outside of the section Rabbit, where nobody reads it; write { "Rabbit": { "ApiPort": ... } }.""")]
    [InlineData("""{ "Rabit": { "ApiPort": 1 } }""", "Rabit in rabbit.json is no section; write Rabbit.")]
    public async Task Key_ThatNobodyReads_IsNamedByCheckAndKeepsTheServerFromStarting(string json, string sentence)
    {
        using var start = new FailedStart();
        start.WriteSettings(json);
        foreach (string[] command in new[] { FailedStart.Server(), ["config", "check"] })
            Assert.Contains(sentence, await start.RunAsync(2, command), StringComparison.Ordinal);
        Assert.Equal([Path.Combine(start.Directory, "rabbit.json")], Directory.GetFileSystemEntries(start.Directory));
    }

    [Theory]
    [InlineData("embedded.json")]
    [InlineData("postgres-redis.json")]
    [InlineData("load-balancer.json")]
    public async Task Check_Sample_IsValid(string name)
    {
        using var authority = new TestAuthority();
        using var directory = new TempDirectory();
        IssuedCertificate certificate = authority.IssueForServer("server");
        await File.WriteAllTextAsync(directory.File("alert.secret"), $"whsec_{Convert.ToBase64String(new byte[32])}\n", TestContext.Current.CancellationToken);
        string sample = Repository.Read("deploy", "config", name)
            .Replace("/etc/rabbit/tls/fullchain.pem", certificate.CertificateFile, StringComparison.Ordinal)
            .Replace("/etc/rabbit/tls/privkey.pem", certificate.KeyFile, StringComparison.Ordinal)
            .Replace("/etc/rabbit/alert.secret", directory.File("alert.secret"), StringComparison.Ordinal);
        await File.WriteAllTextAsync(directory.File(name), sample, TestContext.Current.CancellationToken);
        CommandRun run = await RunAsync(directory.Path, "config", "check", name);
        Assert.True(run is { Status: 0, Error: "" }, $"{run}");
        Assert.Contains($"from {name}", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_FileNotThere_IsToldAndADefaultFileNeedNotBe()
    {
        using var start = new FailedStart();
        Assert.Contains("nowhere.json", await start.RunAsync(2, ["config", "check", "nowhere.json"]), StringComparison.Ordinal);
        CommandRun run = await RunAsync(start.Directory, "config", "check");
        Assert.True(run is { Status: 0, Error: "" }, $"{run}");
    }

    [Fact]
    public async Task Check_CertificateThatCannotBeUsed_IsTold()
    {
        using var start = new FailedStart();
        start.WriteSettings("""{ "Rabbit": { "CertificateFile": "nowhere.pem" } }""");
        Assert.Contains("nowhere.pem", await start.RunAsync(1, ["config", "check"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_TellsValuesAndSources_WithoutSecrets()
    {
        using var directory = new TempDirectory();
        await File.WriteAllTextAsync(directory.File("rabbit.json"), """
            {
              // A comment.
              "Logging": { "LogLevel": { "Rabbit": "Debug" } },
              "Rabbit": {
                "Database": "postgres://rabbit:s3cr3t@db.example.com/rabbit?Password=s3cr3t",
                "Redis": "redis.example.com:6379,password=s3cr3t",
                "PortRange": "11000-11999",
                "DrainLimit": "00:00:20",
              },
            }
            """, TestContext.Current.CancellationToken);
        var environment = new Dictionary<string, string>
        {
            ["RABBIT_DRAIN_LIMIT"] = "00:00:10",
            ["RABBIT_ALERT_URL"] = "https://hooks.example.com/s3cr3t",
            ["RABBIT_ALERT_SECRET"] = $"whsec_{Convert.ToBase64String(new byte[32])}",
        };
        CommandRun run = await RunAsync(directory.Path, environment, "config", "show", "--json", "--api-port", "8081");
        Assert.True(run is { Status: 0, Error: "" }, $"{run}");
        Assert.DoesNotContain("s3cr3t", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("whsec_", run.Output, StringComparison.Ordinal);
        Dictionary<string, (string, string)> shown = JsonDocument.Parse(run.Output).RootElement.EnumerateArray().ToDictionary(
            one => one.GetProperty("key").GetString()!, one => (one.GetProperty("value").GetString()!, one.GetProperty("source").GetString()!));
        Assert.Equal(("8081", "--api-port"), shown["ApiPort"]);
        Assert.Equal(("00:00:10", "RABBIT_DRAIN_LIMIT"), shown["DrainLimit"]);
        Assert.Equal(("11000-11999", "rabbit.json"), shown["PortRange"]);
        Assert.Equal(("9999", "default"), shown["Port"]);
        Assert.Equal(("false", "default"), shown["AllowPlaintext"]);
        Assert.Equal(("postgres://rabbit:***@db.example.com/rabbit?Password=***", "rabbit.json"), shown["Database"]);
        Assert.Equal(("redis.example.com:6379,password=***", "rabbit.json"), shown["Redis"]);
        Assert.Equal(("https://hooks.example.com/***", "RABBIT_ALERT_URL"), shown["AlertUrl"]);
        Assert.Equal(("***", "RABBIT_ALERT_SECRET"), shown["AlertSecret"]);

        CommandRun table = await RunAsync(directory.Path, environment, "config", "show");
        Assert.Contains("11000-11999", table.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cr3t", table.Output, StringComparison.Ordinal);
    }

    private static Task<CommandRun> RunAsync(string directory, params string[] arguments) => RunAsync(directory, [], arguments);

    private static async Task<CommandRun> RunAsync(string directory, Dictionary<string, string> environment, params string[] arguments)
    {
        await using RunningProcess process = RunningProcess.Start("rabbit", Programs.Rabbit, arguments, environment, directory);
        int status = await process.WaitForExitAsync(Soon);
        string error = string.Join('\n', process.ErrorLines);
        return new CommandRun(status, string.Join('\n', process.Lines.Where(line => !process.ErrorLines.Contains(line))), error);
    }
}
