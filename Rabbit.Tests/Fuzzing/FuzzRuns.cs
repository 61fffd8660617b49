using System.Globalization;
using System.Runtime.CompilerServices;
using Rabbit.Fuzz;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Fuzzing;

/// <summary>A run of every fuzz target on mutations of its corpus, all at the same time, with what time other tests leave them.</summary>
public sealed class FuzzRuns : IAsyncLifetime
{
    private readonly Dictionary<string, RunningProcess> _runs = [];

    /// <summary>How long each runs: RABBIT_FUZZ_SECONDS, or a minute.</summary>
    public static int Seconds { get; } =
        int.TryParse(Environment.GetEnvironmentVariable("RABBIT_FUZZ_SECONDS"), CultureInfo.InvariantCulture, out int seconds) ? seconds : 60;

    internal RunningProcess this[string target] => _runs[target];

    public ValueTask InitializeAsync()
    {
        foreach (FuzzTarget target in FuzzTarget.All)
        {
            _runs[target.Name] = RunningProcess.Start(
                $"fuzzing of {target.Name}", "nice", ["-n", "19", Programs.Fuzz, target.Name, "--mutate", $"{Seconds}", .. Corpus(target.Name)]);
        }
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (RunningProcess run in _runs.Values)
            await run.DisposeAsync();
    }

    /// <summary>The files of a target's corpus, in an order that is the same everywhere, as the mutations shall be.</summary>
    internal static IEnumerable<string> Corpus(string target) => Directory.GetFiles(Path.Combine(Corpora(), target)).Order(StringComparer.Ordinal);

    private static string Corpora([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "Rabbit.Fuzz", "Corpus"));
}
