using System.Globalization;
using System.Runtime.Versioning;
using Rabbit.Persistence.Management;
using Rabbit.Tests.Support;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace Rabbit.Tests.Packages;

/// <summary>deploy/kubernetes: what its files refer to is there, the pod is restricted, and its configuration is one.</summary>
[SupportedOSPlatform("linux")]
public sealed class KubernetesTests
{
    private static readonly YamlMappingNode Set = Yaml.Read("deploy", "kubernetes", "statefulset.yaml").Single();
    private static readonly IReadOnlyList<YamlMappingNode> Services = Yaml.Read("deploy", "kubernetes", "services.yaml");
    private static readonly YamlMappingNode Config = Yaml.Read("deploy", "kubernetes", "configmap.yaml").Single();

    private static YamlNode Pod => Set.At("spec", "template", "spec")!;

    private static YamlNode Container => Pod.Items("containers").Single();

    [Fact]
    public void Names_AreAllDefined()
    {
        YamlMappingNode kustomization = Yaml.Read("deploy", "kubernetes", "kustomization.yaml").Single();
        string[] files = [.. Directory.GetFiles(Repository.File("deploy", "kubernetes"), "*.yaml").Select(file => Path.GetFileName(file)).Where(file => file != "kustomization.yaml")];
        Assert.Equal(files.Order(StringComparer.Ordinal), kustomization.Texts("resources").Order(StringComparer.Ordinal));
        Assert.Equal(Container.Text("image"), kustomization.Items("images").Single().Text("name"));
        Assert.Equal(kustomization.Text("namespace"), Yaml.Read("deploy", "kubernetes", "namespace.yaml").Single().Text("metadata", "name"));

        string label = Set.Text("spec", "template", "metadata", "labels", "app.kubernetes.io/name")!;
        Assert.Equal(label, Set.Text("spec", "selector", "matchLabels", "app.kubernetes.io/name"));
        Assert.All(Services, service => Assert.Equal(label, service.Text("spec", "selector", "app.kubernetes.io/name")));
        Assert.Contains(Services, service => service.Text("metadata", "name") == Set.Text("spec", "serviceName"));

        string[] volumes = [.. Pod.Items("volumes").Concat(Set.Items("spec", "volumeClaimTemplates")).Select(volume => volume.Text("name") ?? volume.Text("metadata", "name")!)];
        Assert.Equal(volumes.Order(StringComparer.Ordinal), Container.Items("volumeMounts").Select(mount => mount.Text("name")!).Order(StringComparer.Ordinal));
        Assert.Equal(Config.Text("metadata", "name"), Pod.Items("volumes").Single(volume => volume.At("configMap") is not null).Text("configMap", "name"));

        string[] ports = [.. Container.Items("ports").Select(port => port.Text("name")!)];
        foreach (string probe in new[] { "startupProbe", "livenessProbe", "readinessProbe" })
        {
            Assert.Equal("/api/v1/health/live", Container.Text(probe, "httpGet", "path"));
            Assert.Contains(Container.Text(probe, "httpGet", "port"), ports);
            // On all addresses the API is HTTPS, as the image has it.
            Assert.Equal("HTTPS", Container.Text(probe, "httpGet", "scheme"));
        }
        Assert.All(
            Services.SelectMany(service => service.Items("spec", "ports")).Select(port => port.Text("targetPort")!).Where(target => !int.TryParse(target, out _)),
            target => Assert.Contains(target, ports));
    }

    [Fact]
    public void Pod_IsRestricted_AndGetsNoVariablesOfServices()
    {
        Assert.Equal(("true", "1654", "RuntimeDefault"), (
            Pod.Text("securityContext", "runAsNonRoot"), Pod.Text("securityContext", "runAsUser"), Pod.Text("securityContext", "seccompProfile", "type")));
        Assert.Equal(("false", "true"), (Container.Text("securityContext", "allowPrivilegeEscalation"), Container.Text("securityContext", "readOnlyRootFilesystem")));
        Assert.Equal(["ALL"], Container.Texts("securityContext", "capabilities", "drop"));
        // RABBIT_PORT of a Service named rabbit is no control port.
        Assert.Equal("false", Pod.Text("enableServiceLinks"));
    }

    [Fact]
    public async Task Configuration_IsValid_AndItsPortsAreThoseOfTheService()
    {
        using var directory = new TempDirectory();
        string secrets = Container.Items("volumeMounts").Single(mount => mount.Text("name") == "secrets").Text("mountPath")!;
        await File.WriteAllTextAsync(directory.File("database"), "postgres://rabbit:secret@db/rabbit\n", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(directory.File("redis"), "redis:6379\n", TestContext.Current.CancellationToken);
        string json = Config.Text("data", "rabbit.json")!;
        Assert.Contains(secrets, json, StringComparison.Ordinal);
        await File.WriteAllTextAsync(directory.File("rabbit.json"), json.Replace(secrets, directory.Path, StringComparison.Ordinal), TestContext.Current.CancellationToken);
        await using RunningProcess check = RunningProcess.Start("rabbit config show", Programs.Rabbit, ["config", "show"], directory: directory.Path);
        Assert.True(await check.WaitForExitAsync(TimeSpan.FromSeconds(30)) == 0, check.Transcript());
        Assert.DoesNotContain(check.Lines, line => line.Contains("secret@", StringComparison.Ordinal));

        string range = check.Lines.Single(line => line.StartsWith("PortRange ", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
        Assert.True(PortRange.TryParse(range, out PortRange ports));
        IEnumerable<string> listed = Services.SelectMany(service => service.Items("spec", "ports")).Where(port => port.Text("name")!.StartsWith("tunnel-", StringComparison.Ordinal))
            .Select(port => port.Text("port")!);
        Assert.Equal(Enumerable.Range(ports.First, ports.Count).Select(port => port.ToString(CultureInfo.InvariantCulture)), listed);
    }
}
