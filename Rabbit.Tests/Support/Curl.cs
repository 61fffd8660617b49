using Xunit;

namespace Rabbit.Tests.Support;

/// <summary>The real curl, as a visitor runs it.</summary>
internal static class Curl
{
    /// <summary>The whole answer to GET http://127.0.0.1:port/, headers and body as they came.</summary>
    public static async Task<string> GetAsync(int port, TimeSpan? timeout = null)
    {
        using var directory = new TempDirectory();
        string answer = directory.File("answer");
        double seconds = (timeout ?? TimeSpan.FromSeconds(20)).TotalSeconds;
        await using RunningProcess curl = RunningProcess.Start(
            "curl", "curl", ["--silent", "--show-error", "--include", "--noproxy", "*", "--max-time", FormattableString.Invariant($"{seconds}"), "--output", answer, $"http://127.0.0.1:{port}/"]);
        int status = await curl.WaitForExitAsync(TimeSpan.FromSeconds(seconds + 10));
        Assert.True(status == 0, curl.Transcript());
        return await File.ReadAllTextAsync(answer, TestContext.Current.CancellationToken);
    }
}
