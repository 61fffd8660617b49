using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Xunit;

namespace Rabbit.Tests;

/// <summary>
/// A timer's Dispose does not wait for a callback that runs, only DisposeAsync does: what the callback uses may be disposed of under its
/// hands, and what it then throws ends the process. The moment is too short for a test to hit, so the sources are asked.
/// </summary>
public sealed partial class TimerRuleTests
{
    private static readonly string[] Projects = ["Client", "Host", "Persistence", "Protocol", "Tunneling"];

    [Fact]
    public void Timers_AreWaitedFor()
    {
        string root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, ".."));
        string[] sources = [.. Projects
            .SelectMany(project => Directory.EnumerateFiles(Path.Combine(root, $"Rabbit.{project}"), "*.cs", SearchOption.AllDirectories))];
        Assert.NotEmpty(sources);
        Assert.Empty(sources.SelectMany(file => NotWaitedFor().Matches(File.ReadAllText(file)).Select(match => $"{file}: {match.Value}")));
    }

    [GeneratedRegex(@"(?<!await )using (\()?(ITimer\??|var) \w+ = [^;]*CreateTimer\(|(?<!await )using ITimer")]
    private static partial Regex NotWaitedFor();

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
