using System.Globalization;
using System.Runtime.Versioning;
using System.Text;
using System.Text.RegularExpressions;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Packages;

/// <summary>The units in deploy/systemd, as systemd's own tools judge them.</summary>
[SupportedOSPlatform("linux")]
public sealed partial class SystemdUnitTests
{
    private const double MostExposure = 3.0;
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData("rabbit.service", "rabbit")]
    [InlineData("tunnel-client@.service", "tunnel-client")]
    public async Task Unit_IsVerified(string unit, string program)
    {
        // A system of its own, where the program is at its place.
        using var root = new TempDirectory();
        string units = Directory.CreateDirectory(Path.Combine(root.Path, "etc", "systemd", "system")).FullName;
        string bin = Directory.CreateDirectory(Path.Combine(root.Path, "usr", "bin")).FullName;
        Directory.CreateDirectory(Path.Combine(root.Path, "usr", "lib", "systemd"));
        await RunAsync("cp", "-a", "/lib/systemd/system", Path.Combine(root.Path, "usr", "lib", "systemd"));
        await RunAsync("cp", "-a", "/bin/true", Path.Combine(bin, program));
        string name = unit.Replace("@.", "@test.", StringComparison.Ordinal);
        File.Copy(Repository.File("deploy", "systemd", unit), Path.Combine(units, unit));
        string said = await RunAsync("systemd-analyze", "verify", "--man=no", $"--root={root.Path}", name);
        // Debian's own units name programs that are not in there.
        Assert.DoesNotContain(program, said, StringComparison.Ordinal);
        Assert.DoesNotContain(unit, said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rabbit.service")]
    [InlineData("tunnel-client@.service")]
    public async Task Unit_IsHardlyExposed(string unit)
    {
        string said = await RunAsync("systemd-analyze", "security", "--offline=true", "--no-pager", Repository.File("deploy", "systemd", unit));
        double exposure = double.Parse(Exposure().Match(said).Groups["level"].Value, CultureInfo.InvariantCulture);
        Assert.True(exposure < MostExposure, $"{exposure}\n{said}");
    }

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        await using RunningProcess process = RunningProcess.Start(program, program, arguments);
        int status = await process.WaitForExitAsync(Soon);
        Assert.True(status == 0, process.Transcript());
        return new StringBuilder().AppendJoin('\n', process.Lines).ToString();
    }

    [GeneratedRegex(@"Overall exposure level for \S+: (?<level>[0-9.]+)")]
    private static partial Regex Exposure();
}
