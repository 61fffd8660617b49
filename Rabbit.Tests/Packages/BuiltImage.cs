using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Packages;

/// <summary>
/// The image that Dockerfile describes, built and run once without a container engine (Support/image.py), and the published program
/// that is in it.
/// </summary>
public sealed class BuiltImage : IAsyncLifetime
{
    private static readonly TimeSpan Soon = TimeSpan.FromMinutes(8);

    private readonly TempDirectory _files = new();

    /// <summary>What image.py said was done.</summary>
    internal IReadOnlyList<string> Steps { get; private set; } = [];

    /// <summary>The server's program.</summary>
    internal string Program => Path.Combine(_files.Path, "app", "rabbit");

    public async ValueTask InitializeAsync()
    {
        await using RunningProcess build = RunningProcess.Start(
            "image.py", "unshare",
            [.. WholeBuilds.Alone, "python3", Path.Combine(AppContext.BaseDirectory, "Support", "image.py"), Repository.File("Dockerfile"), "server", Path.Combine(_files.Path, "app")],
            new Dictionary<string, string> { ["MSBUILDDISABLENODEREUSE"] = "1", ["UseSharedCompilation"] = "false" });
        int status = await build.WaitForExitAsync(Soon);
        Assert.True(status == 0, build.Transcript());
        Steps = [.. build.Lines.Where(line => line.StartsWith("image: ", StringComparison.Ordinal))];
    }

    public ValueTask DisposeAsync()
    {
        _files.Dispose();
        return ValueTask.CompletedTask;
    }
}
