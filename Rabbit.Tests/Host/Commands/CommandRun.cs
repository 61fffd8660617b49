using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Host.Commands;

/// <summary>A command that has ended.</summary>
internal sealed record CommandRun(int Status, string Output, string Error)
{
    /// <summary>Runs a program to its end.</summary>
    public static async Task<CommandRun> OfAsync(string program, params string[] arguments)
    {
        await using RunningProcess process = RunningProcess.Start(
            Path.GetFileName(program), program, arguments, showsSecrets: arguments is ["token", "create" or "rotate", ..] or ["key", "create", ..]);
        int status = await process.WaitForExitAsync(TimeSpan.FromSeconds(60));
        string error = string.Join('\n', process.ErrorLines);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        return new CommandRun(status, string.Join('\n', process.Lines.Where(line => !process.ErrorLines.Contains(line))), error);
    }

    /// <summary>Runs <c>rabbit database</c> on an installation; it must succeed and complain of nothing.</summary>
    public static async Task<string> DatabaseAsync(Installation installation, params string[] arguments)
    {
        CommandRun run = await OfAsync(Programs.Rabbit, [.. Of(installation), .. arguments]);
        Assert.True(run is { Status: 0, Error: "" }, $"{run}");
        return run.Output;
    }

    /// <summary>Runs <c>rabbit database</c> on an installation; it must fail with status 1. Its one sentence.</summary>
    public static async Task<string> FailDatabaseAsync(Installation installation, params string[] arguments)
    {
        CommandRun run = await OfAsync(Programs.Rabbit, [.. Of(installation), .. arguments]);
        Assert.True(run is { Status: 1, Output: "" }, $"{run}");
        Assert.StartsWith("rabbit: ", run.Error, StringComparison.Ordinal);
        Assert.EndsWith(".", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', run.Error);
        return run.Error;
    }

    private static IEnumerable<string> Of(Installation installation) =>
        ["database", "--data", installation.Data, .. installation.Database is { } database ? new[] { "--database", database } : []];
}
