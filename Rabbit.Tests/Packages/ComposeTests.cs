using System.Runtime.Versioning;
using Rabbit.Host.Settings;
using Rabbit.Tests.Host.Commands;
using Rabbit.Tests.Support;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace Rabbit.Tests.Packages;

/// <summary>deploy/compose: what its file refers to is there, and what it sets is a setting.</summary>
[SupportedOSPlatform("linux")]
public sealed class ComposeTests
{
    private static readonly YamlMappingNode File = Yaml.Read("deploy", "compose", "compose.yaml").Single();

    [Fact]
    public void Names_AreAllDefined()
    {
        foreach (string name in File.Texts("services"))
        {
            YamlNode service = File.At("services", name)!;
            Assert.All(service.Texts("secrets"), secret => Assert.Contains(secret, File.Texts("secrets")));
            Assert.All(service.Texts("networks"), network => Assert.Contains(network, File.Texts("networks")));
            Assert.All(
                service.Texts("volumes").Select(volume => volume.Split(':')[0]).Where(volume => !volume.StartsWith('.')),
                volume => Assert.Contains(volume, File.Texts("volumes")));
            foreach (string needed in service.Texts("depends_on"))
            {
                Assert.Equal("service_healthy", service.Text("depends_on", needed, "condition"));
                Assert.NotNull(File.At("services", needed, "healthcheck", "test"));
            }
            Assert.Equal("unless-stopped", service.Text("restart"));
        }
        string dockerfile = Repository.Read("Dockerfile");
        Assert.Contains($" AS {File.Text("services", "rabbit", "build", "target")}\n", dockerfile, StringComparison.Ordinal);
        Assert.Equal(Repository.Root, Path.GetFullPath(Repository.File("deploy", "compose", File.Text("services", "rabbit", "build", "context")!)));
        Assert.Contains(File.Texts("services", "rabbit", "volumes"), volume => volume.EndsWith(":/var/lib/rabbit", StringComparison.Ordinal));
        Assert.Contains("VOLUME /var/lib/rabbit\n", dockerfile, StringComparison.Ordinal);
    }

    [Fact]
    public void Environment_SetsSettings()
    {
        foreach (string variable in File.Texts("services", "rabbit", "environment"))
            Assert.Contains(KnownSettings.All, setting => setting.Variable == variable);
    }

    [Fact]
    public async Task Secrets_MadeByTheScript_AreThoseThatAreNamedAndUnderstood()
    {
        using var directory = new TempDirectory();
        string script = directory.File("make-secrets.sh");
        System.IO.File.Copy(Repository.File("deploy", "compose", "make-secrets.sh"), script);
        await using (RunningProcess make = RunningProcess.Start("make-secrets.sh", "bash", [script]))
            Assert.True(await make.WaitForExitAsync(TimeSpan.FromSeconds(30)) == 0, make.Transcript());
        foreach (string secret in File.Texts("secrets"))
            Assert.True(System.IO.File.Exists(Path.Combine(directory.Path, File.Text("secrets", secret, "file")!)), secret);
        await using RunningProcess check = RunningProcess.Start(
            "rabbit config check", Programs.Rabbit, ["config", "check"],
            new Dictionary<string, string>
            {
                ["RABBIT_DATABASE_FILE"] = directory.File("secrets/rabbit_database"),
                ["RABBIT_REDIS_FILE"] = directory.File("secrets/rabbit_redis"),
                ["RABBIT_PORT_RANGE"] = File.Text("services", "rabbit", "environment", "RABBIT_PORT_RANGE")!,
            }, directory.Path);
        Assert.True(await check.WaitForExitAsync(TimeSpan.FromSeconds(30)) == 0, check.Transcript());
        // A second run would lock the database's owner out.
        CommandRun again = await CommandRun.OfAsync("bash", script);
        Assert.Equal(1, again.Status);
    }
}
