using System.Text.RegularExpressions;
using Rabbit.Tests.Host;
using Rabbit.Tests.Host.Commands;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd;

/// <summary>A server that may not open as many descriptors as it has tunnel ports.</summary>
public sealed class DescriptorLimitTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Start_LimitBelowTheRange_FailsWithTheNumberThatSuffices()
    {
        using var data = new TempDirectory();
        await using RunningProcess refused = Start(data, "-n 1023", "--port-range", "10000-10099");
        string needed = await FailAsync(refused, @"The 100 tunnel ports 10000-10099 need (\d+) file descriptors");
        Assert.Equal("1100", needed);
        string unit = Assert.Single(refused.ErrorLines);
        Assert.Contains("'ulimit -n 1100'", unit, StringComparison.Ordinal);
        Assert.Contains("LimitNOFILE=1100 ", unit, StringComparison.Ordinal);

        await using RunningProcess started = Start(data, $"-n {needed}");
        await started.WaitForLineAsync("API listening on", Soon);
    }

    [Fact]
    public async Task Start_LimitBelowTheRange_FailsWithARangeThatFits()
    {
        using var data = new TempDirectory();
        await using RunningProcess refused = Start(data, "-n 1023");
        await FailAsync(refused, "tunnel ports (10000-20000) need");
        // The range in the database counts now, so that --port-range changes nothing.
        await using RunningProcess again = Start(data, "-n 1023", "--port-range", "10000-10001");
        await FailAsync(again, "tunnel ports (10000-20000) need");

        string range = await FailAsync(refused, "'rabbit database set-port-range ([0-9-]+)'");
        Assert.Equal("10000-10022", range);
        Assert.Equal(0, (await CommandRun.OfAsync(Programs.Rabbit, "database", "set-port-range", range, "--data", data.Path)).Status);
        await using RunningProcess started = Start(data, "-n 1023");
        await started.WaitForLineAsync("API listening on", Soon);
    }

    [Fact]
    public async Task Start_OnlyTheSoftLimitIsLow_Starts()
    {
        using var data = new TempDirectory();
        await using RunningProcess started = Start(data, "-Sn 256", "--port-range", "10000-10099");
        await started.WaitForLineAsync("API listening on", Soon);
    }

    private static RunningProcess Start(TempDirectory data, string limit, params string[] flags) => RunningProcess.Start(
        "rabbit server", "/bin/bash",
        ["-c", $"ulimit {limit} && exec \"$0\" \"$@\"", Programs.Rabbit, .. FailedStart.Server(["--data", data.Path, .. flags])]);

    /// <summary>The sentence with which a start failed must match; its first group.</summary>
    private static async Task<string> FailAsync(RunningProcess server, string pattern)
    {
        Assert.Equal(1, await server.WaitForExitAsync(Soon));
        Match match = Regex.Match(Assert.Single(server.ErrorLines), pattern);
        Assert.True(match.Success, server.Transcript());
        return match.Groups[1].Value;
    }
}
