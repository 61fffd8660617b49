using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Host;

/// <summary>Runs <c>rabbit</c> with what it cannot work with, in a directory of its own, until it ends.</summary>
internal sealed class FailedStart : IDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    private readonly TempDirectory _directory = new();

    /// <summary>Where it is run.</summary>
    public string Directory => _directory.Path;

    /// <summary>The settings that keep a server, should it start after all, to itself; a test's own flags come behind.</summary>
    public static string[] Server(params string[] flags) =>
    [
        "server",
        .. new[] { ("--bind", "127.0.0.1"), ("--port", "0"), ("--api-port", "0") }
            .Where(usual => !flags.Contains(usual.Item1)).SelectMany(usual => new[] { usual.Item1, usual.Item2 }),
        .. flags,
    ];

    /// <summary>Writes rabbit.json.</summary>
    public void WriteSettings(string json) => File.WriteAllText(_directory.File("rabbit.json"), json);

    /// <summary>The one sentence that it ends with, on standard error, with this exit status.</summary>
    public async Task<string> RunAsync(int status, string[] arguments, params (string Name, string Value)[] environment)
    {
        await using RunningProcess process = RunningProcess.Start(
            "rabbit", Programs.Rabbit, arguments, environment.ToDictionary(pair => pair.Name, pair => pair.Value), Directory);
        int actual = await process.WaitForExitAsync(Soon);
        Assert.True(actual == status, $"Expected the exit status {status}.\n{process.Transcript()}");
        string sentence = Assert.Single(process.ErrorLines);
        Assert.StartsWith("rabbit: ", sentence, StringComparison.Ordinal);
        Assert.EndsWith(".", sentence, StringComparison.Ordinal);
        return sentence["rabbit: ".Length..];
    }

    public void Dispose() => _directory.Dispose();
}
