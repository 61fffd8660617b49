namespace Rabbit.Tests.Support;

/// <summary>Where the build puts the programs under test, in the configuration that the tests themselves were built in.</summary>
internal static class Programs
{
    public static string Rabbit { get; } = Find("Rabbit.Host", "rabbit");

    /// <summary>The client, or another build of it by RABBIT_TEST_CLIENT.</summary>
    public static string TunnelClient { get; } =
        Environment.GetEnvironmentVariable("RABBIT_TEST_CLIENT") is { Length: > 0 } other ? Path.GetFullPath(other) : Find("Rabbit.Client", "tunnel-client");

    public static string Fuzz { get; } = Find("Rabbit.Fuzz", "rabbit-fuzz");

    public static string Benchmarks { get; } = Find("Rabbit.Benchmarks", "Rabbit.Benchmarks");

    private static string Find(string project, string program)
    {
        string here = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar);
        return Path.GetFullPath(Path.Combine(here, "..", "..", project, Path.GetFileName(here), program));
    }
}
