using System.Net;
using System.Net.Sockets;
using Rabbit.Protocol.Credentials;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd;

/// <summary>Programs that cannot do what they were told: one sentence that says what to do, and an exit status.</summary>
public sealed class BadStartTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    [Fact]
    [Trait("Property", "P36")]
    public async Task Server_DatabaseAway_SaysSoAndFails()
    {
        using var data = new TempDirectory();
        int closed = LocalService.RefusingPort();
        string sentence = await FailAsync(
            Programs.Rabbit, 1, Server(data.Path, "--database", $"Host=127.0.0.1;Port={closed};Username=postgres;Password=geheim;Database=rabbit"));
        Assert.Contains($"127.0.0.1:{closed}", sentence, StringComparison.Ordinal);
        Assert.Contains("--database", sentence, StringComparison.Ordinal);
        Assert.DoesNotContain("geheim", sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_DataDirectoryCannotBeMade_NamesItAndFails()
    {
        using var data = new TempDirectory();
        string file = data.File("a-file");
        await File.WriteAllTextAsync(file, "", TestContext.Current.CancellationToken);
        string sentence = await FailAsync(Programs.Rabbit, 1, Server(Path.Combine(file, "data")));
        Assert.Contains(Path.Combine(file, "data"), sentence, StringComparison.Ordinal);
        Assert.Contains("data directory", sentence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--port")]
    [InlineData("--api-port")]
    public async Task Server_PortInUse_NamesItAndFails(string option)
    {
        using var data = new TempDirectory();
        using var occupier = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        occupier.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        occupier.Listen();
        string port = $"{((IPEndPoint)occupier.LocalEndPoint!).Port}";
        string sentence = await FailAsync(Programs.Rabbit, 1, Server(data.Path, option, port));
        Assert.Contains(port, sentence, StringComparison.Ordinal);
        Assert.Contains(option, sentence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--port-range", "9-5")]
    [InlineData("--port", "70000")]
    public async Task Server_SettingOutOfRange_IsAUsageError(string option, string value)
    {
        using var data = new TempDirectory();
        await FailAsync(Programs.Rabbit, 2, Server(data.Path, option, value));
        Assert.Empty(Directory.GetFileSystemEntries(data.Path));
    }

    [Theory]
    [InlineData("rabbit://foo@127.0.0.1:1")]
    [InlineData("http://127.0.0.1:1")]
    public async Task Client_ConnectionStringWrong_IsAUsageError(string uri) =>
        await FailAsync(Programs.TunnelClient, 2, "connect", uri, "--local-port", "3000");

    [Fact]
    public async Task Client_UnknownToken_SaysSoAndFails()
    {
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess server = await installation.StartAsync();
        var (printed, _) = await server.ReadFirstStepsAsync();
        string uri = (ConnectionUri.Parse(printed) with { Token = TokenText.Create().Reveal() }).Reveal();
        Assert.Contains("token", await FailAsync(Programs.TunnelClient, 1, "connect", uri, "--local-port", "3000"), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Property", "P05")]
    public async Task Client_AnotherServersFingerprint_SendsNoTokenAndFails()
    {
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess server = await installation.StartAsync();
        var (printed, port) = await server.ReadFirstStepsAsync();
        string uri = (ConnectionUri.Parse(printed) with { Fingerprint = new string('0', 64) }).Reveal();
        string sentence = await FailAsync(Programs.TunnelClient, 1, "connect", uri, "--local-port", "3000");
        Assert.Contains("fingerprint", sentence, StringComparison.OrdinalIgnoreCase);
        Assert.Empty(await installation.SessionsAsync(port));
    }

    private static string[] Server(string data, params string[] more)
    {
        // An option that the test sets itself is not given twice.
        (string Option, string Value)[] usual = [("--bind", "127.0.0.1"), ("--port", "0"), ("--api-port", "0"), ("--data", data)];
        return ["server", .. usual.Where(pair => !more.Contains(pair.Option)).SelectMany(pair => new[] { pair.Option, pair.Value }), .. more];
    }

    /// <summary>Runs a program that has to fail with this status; its one sentence.</summary>
    private static async Task<string> FailAsync(string program, int status, params string[] arguments)
    {
        string name = Path.GetFileName(program);
        using var home = new TempDirectory();
        await using RunningProcess process = RunningProcess.Start(
            name, program, arguments, new Dictionary<string, string> { ["HOME"] = home.Path, ["XDG_CONFIG_HOME"] = home.Path });
        int actual = await process.WaitForExitAsync(Soon);
        Assert.True(actual == status, $"Expected the exit status {status}.\n{process.Transcript()}");
        Assert.DoesNotContain(process.Lines, line => line.StartsWith("   at ", StringComparison.Ordinal));
        return Assert.Single(process.Lines, line => line.StartsWith($"{name}: ", StringComparison.Ordinal));
    }
}
