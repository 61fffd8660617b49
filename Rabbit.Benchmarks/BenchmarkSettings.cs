using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace Rabbit.Benchmarks;

/// <summary>How BenchmarkDotNet runs the benchmarks here.</summary>
internal static class BenchmarkSettings
{
    private static readonly TimeSpan SmokeLimit = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Each benchmark in a process of its own, with the runtime settings of the two programs, but with one socket engine: with
    /// several it is chance which sockets share one, and that alone makes a round trip take up to four times as long.
    /// </summary>
    public static IConfig Measure() =>
        Configure(DefaultConfig.Instance)
            .AddDiagnoser(MemoryDiagnoser.Default)
            .AddJob(Job.Default
                .WithGcServer(false)
                .WithGcConcurrent(false)
                .WithEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1")
                .WithEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_THREAD_COUNT", "1")
                .WithEnvironmentVariable("DOTNET_TieredPGO", "0")
                .WithEnvironmentVariable("DOTNET_ThreadPool_UnfairSemaphoreSpinLimit", "0")
                .AsMutator());

    /// <summary>Each benchmark once, all in this process: a process for each would take most of a minute.</summary>
    public static IConfig Smoke() =>
        Configure(DefaultConfig.Instance).AddJob(Job.Dry.WithToolchain(new InProcessEmitToolchain(SmokeLimit, logOutput: true)));

    private static ManualConfig Configure(IConfig config) =>
        ManualConfig.Create(config)
            .HideColumns(Column.Error, Column.StdDev, Column.RatioSD)
            .WithArtifactsPath(Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "benchmarks")));
}
