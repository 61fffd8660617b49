namespace Rabbit.Tests.Support;

/// <summary>A program that people visit tunnels with, run to its end: what it shows to whom started it, and how it ended.</summary>
/// <param name="Status">Its exit status.</param>
/// <param name="Shown">Both outputs, one line after the other.</param>
/// <param name="Took">From its start to its end.</param>
internal sealed record VisitorProgram(int Status, string Shown, TimeSpan Took)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>The directory of PostgreSQL's programs.</summary>
    public static string PostgresBin => Environment.GetEnvironmentVariable("RABBIT_TEST_POSTGRES_BIN")
        ?? throw new InvalidOperationException("RABBIT_TEST_POSTGRES_BIN is not set: run the tests by ./test.sh.");

    /// <summary>Runs it with a home directory of its own and in English.</summary>
    public static async Task<VisitorProgram> RunAsync(string program, params string[] arguments)
    {
        using var home = new TempDirectory();
        long started = TimeProvider.System.GetTimestamp();
        await using RunningProcess process = RunningProcess.Start(
            program, program, arguments, new Dictionary<string, string> { ["HOME"] = home.Path, ["LC_ALL"] = "C", ["PGCONNECT_TIMEOUT"] = "20" });
        int status = await process.WaitForExitAsync(Patience);
        return new VisitorProgram(status, string.Join('\n', process.Lines), TimeProvider.System.GetElapsedTime(started));
    }

    /// <summary>Runs it again, a few times at most, until it took no longer than this: what else the machine does is not the server's doing.</summary>
    public static async Task<VisitorProgram> RunWithinAsync(TimeSpan limit, string program, params string[] arguments)
    {
        VisitorProgram run = await RunAsync(program, arguments);
        for (int again = 0; run.Took > limit && again < 5; again++)
            run = await RunAsync(program, arguments);
        return run;
    }
}
