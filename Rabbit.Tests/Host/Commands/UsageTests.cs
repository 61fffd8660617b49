using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Host.Commands;

/// <summary>What can be typed wrong: one sentence that names it and says what to do, status 2, and nothing written.</summary>
public sealed class UsageTests
{
    [Theory]
    [InlineData("nonsense", "nonsense")]
    [InlineData("--nonsense", "--nonsense")]
    [InlineData("server nonsense", "nonsense")]
    [InlineData("server --nonsense", "--nonsense")]
    [InlineData("server --port", "--port")]
    [InlineData("server --port 1 --port 2", "--port")]
    [InlineData("database nonsense", "nonsense")]
    [InlineData("database stats --nonsense", "--nonsense")]
    [InlineData("database set-port-range", "set-port-range")]
    [InlineData("database --port 1 stats", "--port")]
    public async Task Arguments_NotUnderstood_AreNamedWithTheWayToTheHelp(string arguments, string named)
    {
        using var start = new FailedStart();
        string sentence = await start.RunAsync(2, arguments.Split(' '));
        Assert.Contains($"'{named}'", sentence, StringComparison.Ordinal);
        Assert.Contains("--help", sentence, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(start.Directory));
    }

    [Theory]
    [InlineData("database", "Required command")]
    [InlineData("database set-port-range 20000", "'20000'")]
    [InlineData("database set-port-range 9-5", "'9-5'")]
    [InlineData("database set-port-range 0-5", "'0-5'")]
    [InlineData("database set-port-range 1-65536", "'1-65536'")]
    [InlineData("database backup", "backup")]
    [InlineData("database health --data=", "--data")]
    [InlineData("database health --database nonsense", "--database")]
    public async Task Database_ArgumentsWrong_AreAUsageErrorAndNothingIsWritten(string arguments, string named)
    {
        using var start = new FailedStart();
        Assert.Contains(named, await start.RunAsync(2, arguments.Split(' ')), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(start.Directory));
    }

    [Theory]
    [InlineData("token", "Required command")]
    [InlineData("token nonsense", "'nonsense'")]
    [InlineData("token list --nonsense", "'--nonsense'")]
    [InlineData("token create x", "'--team'")]
    [InlineData("token create x --team y --port 65536", "--port must be")]
    [InlineData("token create x --team y --expires-at soon", "--expires-at must be")]
    [InlineData("token list --limit 0", "--limit must be")]
    [InlineData("stats daily --from 2026-13-01", "--from must be a day")]
    [InlineData("session close x", "SESSION_ID must be")]
    [InlineData("port show 0", "PORT must be")]
    [InlineData("completion", "Required command")]
    [InlineData("stats --api nonsense", "--api must be")]
    [InlineData("stats --fingerprint 12", "fingerprint")]
    [InlineData("stats --data=", "--data")]
    public async Task Api_ArgumentsWrong_AreAUsageErrorAndNothingIsWritten(string arguments, string named)
    {
        using var start = new FailedStart();
        Assert.Contains(named, await start.RunAsync(2, arguments.Split(' ')), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(start.Directory));
    }

    [Fact]
    public async Task Arguments_None_AreAUsageError()
    {
        using var start = new FailedStart();
        Assert.Contains("'rabbit --help'", await start.RunAsync(2, []), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--port", "abc")]
    [InlineData("--port", "")]
    [InlineData("--port", "70000")]
    [InlineData("--port", "-1")]
    [InlineData("--port", "99999999999")]
    [InlineData("--api-port", "80.5")]
    [InlineData("--api-port", "65536")]
    [InlineData("--bind", "nonsense")]
    [InlineData("--bind", "127.0.0.1:9999")]
    [InlineData("--api-bind", "localhost")]
    [InlineData("--api-bind", "")]
    [InlineData("--data", "")]
    [InlineData("--port-range", "20000")]
    [InlineData("--port-range", "9-5")]
    [InlineData("--port-range", "0-5")]
    [InlineData("--port-range", "1-65536")]
    [InlineData("--database", "nonsense")]
    [InlineData("--database", "postgres://")]
    [InlineData("--database", "postgres://host:99999/rabbit")]
    [InlineData("--database", "Host=127.0.0.1;Nonsense=1")]
    [InlineData("--redis", "redis://")]
    [InlineData("--redis", "127.0.0.1,nonsense=1")]
    [InlineData("--redis", ",,")]
    [InlineData("--certificate-key", "key.pem")]
    public async Task Flag_ValueWrong_IsNamed(string flag, string value)
    {
        using var start = new FailedStart();
        Assert.StartsWith($"{flag} ", await start.RunAsync(2, FailedStart.Server(flag, value)), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(start.Directory));
    }

    [Fact]
    public async Task Database_PasswordInAWrongString_IsNotTold()
    {
        using var start = new FailedStart();
        foreach (string wrong in new[] { "postgres://name:geheim@host:99999/rabbit", "Password=geheim;Nonsense=1", "redis geheim" })
            Assert.DoesNotContain("geheim", await start.RunAsync(2, FailedStart.Server("--database", wrong)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--help", "server")]
    [InlineData("server --help", "--api-port")]
    [InlineData("database --help", "set-port-range")]
    [InlineData("database backup --help", "--database")]
    [InlineData("token create --help", "--token-file")]
    [InlineData("stats daily --help", "--key-file")]
    public async Task Help_Asked_IsWrittenToStandardOutput(string arguments, string named)
    {
        await using RunningProcess process = RunningProcess.Start("rabbit", Programs.Rabbit, arguments.Split(' '));
        Assert.Equal(0, await process.WaitForExitAsync(TimeSpan.FromSeconds(30)));
        Assert.Contains(process.Lines, line => line.Contains(named, StringComparison.Ordinal));
        Assert.Empty(process.ErrorLines);
    }
}
