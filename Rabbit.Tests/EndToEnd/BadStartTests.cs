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
    public async Task Server_DatabaseRefusesTheAccount_SaysSoAndFails()
    {
        using var data = new TempDirectory();
        var server = new Npgsql.NpgsqlConnectionStringBuilder(TestServers.Postgres);
        string sentence = await FailAsync(
            Programs.Rabbit, 1, Server(data.Path, "--database", $"Host={server.Host};Port={server.Port};Username=nobody;Password=geheim;Database=rabbit"));
        Assert.Contains($"{server.Host}:{server.Port}", sentence, StringComparison.Ordinal);
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
    [InlineData("--port", "abc")]
    [InlineData("--api-port", "")]
    [InlineData("--bind", "nonsense")]
    [InlineData("--api-bind", "::x")]
    public async Task Server_SettingOutOfRange_IsAUsageErrorThatNamesTheFlag(string option, string value)
    {
        using var data = new TempDirectory();
        string sentence = await FailAsync(Programs.Rabbit, 2, Server(data.Path, option, value));
        Assert.Contains($"{option} must ", sentence, StringComparison.Ordinal);
        Assert.Contains($"'{value}'", sentence, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(data.Path));
    }

    [Theory]
    [InlineData("--database", "nonsense")]
    [InlineData("--redis", "redis://")]
    public async Task Server_ConnectionStringWrong_IsAUsageErrorThatNamesTheFlag(string option, string value)
    {
        using var data = new TempDirectory();
        Assert.Contains(option, await FailAsync(Programs.Rabbit, 2, Server(data.Path, option, value)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_SettingInTheEnvironment_IsNamedByItsVariableAndYieldsToTheFlag()
    {
        using var data = new TempDirectory();
        (string, string) wrong = ("RABBIT_HEARTBEAT_INTERVAL", "often");
        string sentence = await FailAsync(Programs.Rabbit, 2, Server(data.Path), wrong);
        Assert.Contains("RABBIT_HEARTBEAT_INTERVAL must be a time", sentence, StringComparison.Ordinal);
        sentence = await FailAsync(Programs.Rabbit, 2, Server(data.Path, "--port", "abc"), ("RABBIT_PORT", "1234"));
        Assert.Contains("--port must", sentence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"Rabbit\": {\"ApiPort\": \"x\"}}", "ApiPort in rabbit.json must")]
    [InlineData("{\"Rabbit\": ", "is not valid JSON")]
    public async Task Server_SettingInTheFile_IsNamedByItsKey(string content, string expected)
    {
        using var directory = new TempDirectory();
        await File.WriteAllTextAsync(directory.File("rabbit.json"), content, TestContext.Current.CancellationToken);
        string[] arguments = ["server", "--bind", "127.0.0.1", "--port", "0", "--data", directory.File("data")];
        Assert.Contains(expected, await FailInAsync(directory.Path, Programs.Rabbit, 2, arguments), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("server", "--nonsense")]
    [InlineData("serve")]
    public async Task Server_UnknownArgument_IsAUsageError(params string[] arguments) =>
        Assert.Contains(arguments[^1], await FailAsync(Programs.Rabbit, 2, arguments), StringComparison.Ordinal);

    [Fact]
    public async Task Server_SecondOnTheSameDataDirectory_SaysSoAndFails()
    {
        await using Installation installation = await Installation.CreateAsync();
        await installation.StartAsync();
        string sentence = await FailAsync(Programs.Rabbit, 1, Server(installation.Data));
        Assert.Contains(installation.Data, sentence, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Property", "P04")]
    public async Task Server_FirstStart_KeepsItsSecretsToItsAccount()
    {
        await using Installation installation = await Installation.CreateAsync();
        await installation.StartAsync();
        string[] secrets = ["admin.key", "rabbit.db", "rabbit.db-wal", "tls/key.pem"];
        if (!OperatingSystem.IsWindows())
        {
            foreach (string secret in secrets)
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(installation.Data, secret)));
        }
    }

    [Theory]
    [InlineData("Name the server", "connect")]
    [InlineData("--local-port PORT", "connect", "rabbit://TOKEN@127.0.0.1:1")]
    [InlineData("--local-port must", "connect", "rabbit://TOKEN@127.0.0.1:1", "--local-port", "abc")]
    [InlineData("--local-port must", "connect", "rabbit://TOKEN@127.0.0.1:1", "--local-port", "70000")]
    [InlineData("--server", "connect", "--local-port", "3000")]
    [InlineData("--token-file", "connect", "--server", "127.0.0.1:1", "--local-port", "3000", "--token", "TOKEN", "--token-file", "x")]
    [InlineData("/nowhere/token", "connect", "--server", "127.0.0.1:1", "--local-port", "3000", "--token-file", "/nowhere/token")]
    [InlineData("--nonsense", "connect", "--local-port", "3000", "--nonsense")]
    public async Task Client_ArgumentsWrong_IsAUsageErrorThatNamesThem(string expected, params string[] arguments)
    {
        string token = TokenText.Create().Reveal();
        string sentence = await FailAsync(
            Programs.TunnelClient, 2, [.. arguments.Select(argument => argument.Replace("TOKEN", token, StringComparison.Ordinal))]);
        Assert.Contains(expected, sentence.Replace("'", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.DoesNotContain(token, sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Client_WebServerInsteadOfRabbit_SaysSoAndFails()
    {
        await using var web = new LocalService(async (socket, cancellationToken) =>
        {
            await socket.ReceiveAsync(new byte[4096], cancellationToken);
            await socket.SendAllAsync("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
            socket.Shutdown(SocketShutdown.Send);
            await socket.ReadToEndAsync(cancellationToken);
        });
        string uri = $"rabbit://{TokenText.Create().Reveal()}@127.0.0.1:{web.Port}";
        string sentence = await FailAsync(Programs.TunnelClient, 1, "connect", uri, "--local-port", "3000");
        Assert.Contains($"127.0.0.1:{web.Port}", sentence, StringComparison.Ordinal);
        Assert.Contains("control port", sentence, StringComparison.Ordinal);
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
    private static Task<string> FailAsync(string program, int status, params string[] arguments) => FailAsync(program, status, arguments, []);

    private static Task<string> FailAsync(string program, int status, string[] arguments, params (string, string)[] environment) =>
        FailInAsync(null, program, status, arguments, environment);

    private static async Task<string> FailInAsync(
        string? directory, string program, int status, string[] arguments, params (string Name, string Value)[] environment)
    {
        string name = Path.GetFileName(program);
        using var home = new TempDirectory();
        await using RunningProcess process = RunningProcess.Start(
            name, program, arguments,
            new Dictionary<string, string>(environment.Select(pair => KeyValuePair.Create(pair.Name, pair.Value)))
            {
                ["HOME"] = home.Path,
                ["XDG_CONFIG_HOME"] = home.Path,
            },
            directory ?? home.Path);
        int actual = await process.WaitForExitAsync(Soon);
        Assert.True(actual == status, $"Expected the exit status {status}.\n{process.Transcript()}");
        Assert.DoesNotContain(process.Lines, line => line.StartsWith("   at ", StringComparison.Ordinal));
        return Assert.Single(process.Lines, line => line.StartsWith($"{name}: ", StringComparison.Ordinal));
    }
}
