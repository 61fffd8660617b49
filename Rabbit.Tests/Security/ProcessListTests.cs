using System.Text;
using Rabbit.Protocol.Credentials;
using Rabbit.Tests.EndToEnd;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Security;

/// <summary>What every account of a machine can see of the others' programs (proc(5), cmdline) holds no secret unless it was typed there.</summary>
[Trait("Property", "P05")]
public sealed class ProcessListTests(RunningServer running) : IClassFixture<RunningServer>
{
    private const string Warning = "A token on the command line can be seen by every account";
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    public enum Given
    {
        Environment,
        File,
        Option,
        ConnectionString,
    }

    [Theory]
    [InlineData(Given.Environment, false)]
    [InlineData(Given.File, false)]
    [InlineData(Given.Option, true)]
    [InlineData(Given.ConnectionString, true)]
    public async Task Client_GivenItsToken_ShowsItOnlyWhereItWasTyped_AndWarns(Given by, bool isShown)
    {
        TestToken token = await running.Server.CreateTokenAsync();
        string whole = await running.Server.ConnectionStringAsync(token);
        string without = (ConnectionUri.Parse(whole) with { Token = "" }).Reveal();
        using var home = new TempDirectory();
        string file = home.File("token");
        await File.WriteAllTextAsync(file, token.Text, TestContext.Current.CancellationToken);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(file, UnixFileMode.UserRead);
        await using LocalService service = LocalService.Echo();
        await using RunningProcess client = RunningProcess.Start(
            "tunnel-client", Programs.TunnelClient,
            ["connect", by == Given.ConnectionString ? whole : without, "--local-port", $"{service.Port}", .. by switch
            {
                Given.File => ["--token-file", file],
                Given.Option => new[] { "--token", token.Text },
                _ => [],
            }],
            new Dictionary<string, string> { ["HOME"] = home.Path, ["XDG_CONFIG_HOME"] = home.Path, ["RABBIT_TOKEN"] = by == Given.Environment ? token.Text : "" });
        await client.WaitForLineAsync("Tunnel is up", Soon);
        Assert.Equal(isShown, CommandLine(client).Contains(token.Text, StringComparison.Ordinal));
        Assert.Equal(isShown, client.Lines.Any(line => line.Contains(Warning, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Server_FirstStart_PrintsACommandWithoutTheTokenInAnArgument()
    {
        var (connection, _) = await running.Server.ReadFirstStepsAsync();
        string secret = ConnectionUri.Parse(connection).Token;
        string line = Assert.Single(running.Server.Process.Lines, line => line.Contains(secret, StringComparison.Ordinal));
        Assert.StartsWith($"RABBIT_TOKEN={secret} ", line, StringComparison.Ordinal);
        Assert.Equal(0, line.LastIndexOf(secret, StringComparison.Ordinal) - "RABBIT_TOKEN=".Length);
        string commandLine = CommandLine(running.Server.Process);
        Assert.DoesNotContain("rbt_", commandLine, StringComparison.Ordinal);
        Assert.DoesNotContain("rbk_", commandLine, StringComparison.Ordinal);
    }

    private static string CommandLine(RunningProcess process) => Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{process.Id}/cmdline"));
}
