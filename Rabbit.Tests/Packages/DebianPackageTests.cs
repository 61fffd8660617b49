using System.Runtime.Versioning;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Packages;

/// <summary>The Debian packages: built, installed, started, upgraded, removed and purged in a copy of this system.</summary>
[SupportedOSPlatform("linux")]
[Collection(nameof(WholeBuilds))]
public sealed class DebianPackageTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromMinutes(10);

    [Fact]
    public async Task Packages_InstalledAndPurged_LeaveWhatTheyShould()
    {
        using var directory = new TempDirectory();
        await RunAsync(Repository.File("deploy", "debian", "build.sh"), directory.Path);
        Assert.Equal(
            ["rabbit-client", "rabbit-server"],
            Directory.GetFiles(directory.Path).Select(file => Path.GetFileName(file)!.Split('_')[0]).Order(StringComparer.Ordinal));
        IReadOnlyList<string> steps = await RunAsync(Repository.File("deploy", "debian", "try.sh"), directory.Path);
        Assert.Equal(["install", "start", "upgrade", "remove", "purge", "done"], steps.Where(line => line.StartsWith("try.sh: ", StringComparison.Ordinal)).Select(line => line[8..]));
    }

    private static async Task<IReadOnlyList<string>> RunAsync(string script, string directory)
    {
        await using RunningProcess process = RunningProcess.Start(
            Path.GetFileName(script), "unshare", [.. WholeBuilds.Alone, script, directory],
            new Dictionary<string, string> { ["RABBIT_DEB_COMPRESSION"] = "gzip", ["MSBUILDDISABLENODEREUSE"] = "1", ["UseSharedCompilation"] = "false" });
        int status = await process.WaitForExitAsync(Soon);
        Assert.True(status == 0, process.Transcript());
        return process.Lines;
    }
}
