using System.Text.RegularExpressions;
using Rabbit.Protocol.Credentials;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd.Clients;

/// <summary>The service that the client makes of itself, as systemd's own tools see it. No systemd runs here: a stand-in plays its part.</summary>
public sealed partial class InstallTests(RunningServer running) : IClassFixture<RunningServer>
{
    private const double MostExposure = 3.0;
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    [Fact]
    [Trait("Property", "P05")]
    public async Task Install_System_WritesAHardenedUnitWithoutTheToken()
    {
        using var home = new ClientHome();
        var token = TokenText.Create();
        home.Write("db.token", token.Reveal());
        string file = home.Write("tunnels.json", "{ \"server\": \"tunnel.test\", \"tunnels\": { \"db\": { \"token_file\": \"db.token\", \"local_port\": 5432 } } }");
        await using RunningProcess client = home.Start("install", "--system", "--dry-run", file);
        Assert.Equal(0, await client.WaitForExitAsync(Soon));
        string text = string.Join('\n', client.Lines.Except(client.ErrorLines));
        Assert.DoesNotContain(token.Secret, text, StringComparison.Ordinal);
        Assert.Contains($"LoadCredential=db.token_file:{home.File("db.token")}\n", text, StringComparison.Ordinal);
        Assert.Contains("Type=notify\n", text, StringComparison.Ordinal);

        string unit = home.Write("tunnel-client.service", text);
        Assert.Equal((0, ""), await AnalyzeAsync("verify", unit));
        var (status, report) = await AnalyzeAsync("security", "--offline=true", unit);
        Assert.Equal(0, status);
        double exposure = double.Parse(Exposure().Match(report).Groups["level"].Value, System.Globalization.CultureInfo.InvariantCulture);
        Assert.True(exposure < MostExposure, report);
    }

    [Fact]
    public async Task Install_System_SaysWhatTheServiceCouldNotRead()
    {
        using var home = new ClientHome();
        string file = home.Write("tunnels.json", $"{{ \"server\": \"tunnel.test\", \"tunnels\": {{ \"db\": {{ \"token\": \"{TokenText.Create().Reveal()}\", \"local_port\": 1 }} }} }}");
        var (status, output) = await home.RunAsync("install", "--system", file);
        Assert.Equal(2, status);
        Assert.Contains("tunnels.db in " + file + " needs a token_file", output, StringComparison.Ordinal);
        Assert.False(File.Exists("/etc/systemd/system/tunnel-client-none.service"));
    }

    [Fact]
    public async Task Install_User_Twice_ChangesNothingTheSecondTime_AndUninstallRemovesIt()
    {
        using var home = new ClientHome();
        home.Write("db.token", TokenText.Create().Reveal());
        string file = home.Write("tunnels.json", "{ \"server\": \"tunnel.test\", \"tunnels\": { \"db\": { \"token_file\": \"db.token\", \"local_port\": 5432 } } }");
        string unit = home.File("config/systemd/user/tunnel-client-test.service");

        var (status, output) = await home.RunAsync("install", "--user", "--name", "test", file);
        Assert.Equal(0, status);
        Assert.Contains($"{unit} is written.", output, StringComparison.Ordinal);
        string text = await File.ReadAllTextAsync(unit, TestContext.Current.CancellationToken);
        Assert.Contains($"ExecStart={Programs.TunnelClient} run {file} --log-format text\n", text, StringComparison.Ordinal);
        Assert.Equal((0, ""), await AnalyzeAsync("verify", unit));

        (status, output) = await home.RunAsync("install", "--user", "--name", "test", file);
        Assert.Equal(0, status);
        Assert.Contains($"{unit} is as it was.", output, StringComparison.Ordinal);
        Assert.Equal(text, await File.ReadAllTextAsync(unit, TestContext.Current.CancellationToken));

        (status, output) = await home.RunAsync("uninstall", "--user", "--name", "test");
        Assert.Equal(0, status);
        Assert.Contains("is removed", output, StringComparison.Ordinal);
        Assert.False(File.Exists(unit));
        Assert.Equal(0, (await home.RunAsync("uninstall", "--user", "--name", "test")).Status);
    }

    [Theory]
    [InlineData("--user", "--system")]
    [InlineData()]
    [InlineData("--user", "--name", "A b")]
    public async Task Install_OptionsWrong_IsAMistake(params string[] options)
    {
        using var home = new ClientHome();
        Assert.Equal(2, (await home.RunAsync(["install", .. options])).Status);
    }

    [Fact]
    public async Task Service_UnderItsManager_GetsTheTokenFromIt_AndSaysHowItStands()
    {
        using var home = new ClientHome();
        TestToken token = await running.Server.CreateTokenAsync();
        Directory.CreateDirectory(home.File("credentials"));
        Directory.CreateDirectory(home.File("service"));
        home.Write("credentials/db.token_file", token.Text);
        string file = home.Write("tunnels.json", $$"""
            { {{await ClientHome.ServerSettingsAsync(running.Server, token)}}, "tunnels": { "db": { "token_file": "/where/only/root/reads", "local_port": 1 } } }
            """);
        Dictionary<string, string> environment = home.Environment;
        environment["CREDENTIALS_DIRECTORY"] = home.File("credentials");
        environment["RUNTIME_DIRECTORY"] = home.File("service");
        await using RunningProcess manager = RunningProcess.Start(
            "manager", "python3",
            ["-u", Path.Combine(AppContext.BaseDirectory, "Support", "service-manager.py"), home.File("notify"), Programs.TunnelClient, "run", file, "--log-format", "text"], environment);
        await manager.WaitForLineAsync("manager: READY=1", Soon);
        await manager.WaitForLineAsync("manager: STATUS=1 of 1 tunnels live", Soon);
        Assert.Single(Directory.GetFiles(home.File("service"), "tunnel-client-*.sock"));
        manager.Send(Signal.Term);
        await manager.WaitForLineAsync("manager: STOPPING=1", Soon);
        Assert.Equal(0, await manager.WaitForExitAsync(Soon));
    }

    [Fact]
    public async Task Install_ForbidsCodeThatIsWritten_OnlyWhereTheClientRunsWithoutIt()
    {
        using var home = new ClientHome();
        TestToken token = await running.Server.CreateTokenAsync();
        home.Write("db.token", token.Text);
        await using LocalService echo = LocalService.Echo();
        string file = home.Write("tunnels.json", $$"""
            { {{await ClientHome.ServerSettingsAsync(running.Server, token)}}, "tunnels": { "db": { "token_file": "db.token", "local_port": {{echo.Port}} } } }
            """);
        var (_, unit) = await home.RunAsync("install", "--user", "--dry-run", file);
        bool isForbidden = unit.Contains("MemoryDenyWriteExecute=yes", StringComparison.Ordinal);
        // What systemd does for it, by the kernel's own means, where it has them (PR_SET_MDWE of prctl(2)).
        string[] launcher = isForbidden ? ["python3", "-c", "import ctypes, os, sys; ctypes.CDLL(None).prctl(65, 1, 0, 0, 0); os.execv(sys.argv[1], sys.argv[1:])"] : [];
        string[] command = [.. launcher, Programs.TunnelClient, "run", file];
        await using RunningProcess client = RunningProcess.Start("tunnel-client", command[0], command[1..], home.Environment);
        await client.WaitForLineAsync("[db] Tunnel is up", Soon);
        using System.Net.Sockets.Socket visitor = await SocketConversation.ConnectAsync(token.Port);
        await visitor.SendAllAsync("12345");
        await visitor.ReadExactlyAsync(5);
        Assert.False(client.HasExited);
    }

    private static async Task<(int Status, string Output)> AnalyzeAsync(params string[] arguments)
    {
        await using RunningProcess analyze = RunningProcess.Start("systemd-analyze", "systemd-analyze", arguments);
        int status = await analyze.WaitForExitAsync(Soon);
        return (status, string.Join('\n', analyze.Lines));
    }

    [GeneratedRegex(@"Overall exposure level for \S+: (?<level>[0-9.]+)")]
    private static partial Regex Exposure();
}
