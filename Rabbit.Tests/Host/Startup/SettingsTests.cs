using System.Net;
using System.Net.Sockets;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Host.Startup;

/// <summary>Flags go before the environment, that before rabbit.json; what is wrong is named as it was given.</summary>
public sealed class SettingsTests
{
    [Fact]
    public async Task Setting_GivenThreeTimes_IsTakenFromTheFlagThenTheEnvironmentThenTheFile()
    {
        // The server is there; the databases are not.
        var postgres = new Npgsql.NpgsqlConnectionStringBuilder(TestServers.Postgres);
        string server = $"{postgres.Host}:{postgres.Port}";
        using var start = new FailedStart();
        start.WriteSettings($$"""{ "Rabbit": { "Data": "from-file", "Database": "postgres://{{postgres.Username}}@{{server}}/file" } }""");
        (string, string)[] environment = [("RABBIT_DATA", "from-environment"), ("RABBIT_DATABASE", $"postgres://{postgres.Username}@{server}/environment")];

        string sentence = await start.RunAsync(1, FailedStart.Server());
        Assert.Contains($"{server}/file)", sentence, StringComparison.Ordinal);
        Assert.Contains("Database in rabbit.json", sentence, StringComparison.Ordinal);
        Assert.Equal(["from-file"], DirectoriesIn(start));

        sentence = await start.RunAsync(1, FailedStart.Server(), environment);
        Assert.Contains($"{server}/environment)", sentence, StringComparison.Ordinal);
        Assert.Contains("RABBIT_DATABASE", sentence, StringComparison.Ordinal);
        Assert.Equal(["from-environment", "from-file"], DirectoriesIn(start));

        sentence = await start.RunAsync(1, FailedStart.Server("--data", "from-flag", "--database", $"postgres://{postgres.Username}@{server}/flag"), environment);
        Assert.Contains($"{server}/flag)", sentence, StringComparison.Ordinal);
        Assert.Contains("--database", sentence, StringComparison.Ordinal);
        Assert.Equal(["from-environment", "from-file", "from-flag"], DirectoriesIn(start));
    }

    [Theory]
    [InlineData("RABBIT_API_BIND", "nonsense")]
    [InlineData("RABBIT_POOL_SIZE", "many")]
    [InlineData("RABBIT_POOL_SIZE", "-1")]
    [InlineData("RABBIT_TUNNEL_METRICS", "10001")]
    [InlineData("RABBIT_OFFLINE_MESSAGE", "two\nlines")]
    [InlineData("RABBIT_OFFLINE_HINT", "ask {host}")]
    [InlineData("RABBIT_ALLOW_PLAINTEXT", "perhaps")]
    [InlineData("RABBIT_DRAIN_LIMIT", "soon")]
    [InlineData("RABBIT_DRAIN_LIMIT", "30")]
    [InlineData("RABBIT_DRAIN_LIMIT", "-00:00:01")]
    [InlineData("RABBIT_DRAIN_LIMIT", "400.00:00:00")]
    [InlineData("RABBIT_PORT_RANGE", "5")]
    [InlineData("RABBIT_PORT_RANGE_START", "0")]
    [InlineData("RABBIT_DATA", "")]
    [InlineData("RABBIT_DATABASE", "nonsense")]
    [InlineData("RABBIT_REDIS", "redis://")]
    [InlineData("RABBIT_CERTIFICATE_KEY", "key.pem")]
    public async Task Variable_ValueWrong_IsNamed(string variable, string value)
    {
        using var start = new FailedStart();
        string sentence = await start.RunAsync(2, FailedStart.Server(), (variable, value));
        Assert.StartsWith($"{variable} ", sentence, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(start.Directory));
    }

    [Theory]
    [InlineData("""{ "Rabbit": { "ApiBind": "nonsense" } }""", "ApiBind in rabbit.json ")]
    [InlineData("""{ "Rabbit": { "PoolSize": 5000 } }""", "PoolSize in rabbit.json ")]
    [InlineData("""{ "Rabbit": { "Database": "nonsense" } }""", "Database in rabbit.json ")]
    [InlineData("""{ "Rabbit": { "Redis": "redis://" } }""", "Redis in rabbit.json ")]
    [InlineData("""{ "Rabbit": { "PortRange": "9-5" } }""", "PortRange in rabbit.json ")]
    [InlineData("""{ "Rabbit": { "PortRangeStart": 30000 } }""", "The port range 30000-20000 ")]
    [InlineData("""{ "Rabbit": """, "/rabbit.json is not valid JSON ")]
    [InlineData("", "/rabbit.json is not valid JSON ")]
    public async Task File_ValueWrong_IsNamed(string json, string named)
    {
        using var start = new FailedStart();
        start.WriteSettings(json);
        Assert.Contains(named, await start.RunAsync(2, FailedStart.Server()), StringComparison.Ordinal);
        Assert.Equal([Path.Combine(start.Directory, "rabbit.json")], Directory.GetFileSystemEntries(start.Directory));
    }

    [Theory]
    [InlineData("--port", "RABBIT_PORT")]
    [InlineData("--api-port", "RABBIT_API_PORT")]
    public async Task Port_InUse_IsToldWithTheSettingToChange(string flag, string variable)
    {
        using var occupier = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        occupier.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        occupier.Listen();
        string port = $"{((IPEndPoint)occupier.LocalEndPoint!).Port}";
        using var start = new FailedStart();

        string sentence = await start.RunAsync(1, FailedStart.Server(flag, port));
        Assert.Contains($"127.0.0.1:{port}", sentence, StringComparison.Ordinal);
        Assert.Contains("in use", sentence, StringComparison.Ordinal);
        Assert.EndsWith($"choose another with {flag}.", sentence, StringComparison.Ordinal);
        if (flag == "--port")
            Assert.DoesNotContain("http", sentence, StringComparison.Ordinal);

        string other = flag == "--port" ? "--api-port" : "--port";
        sentence = await start.RunAsync(1, ["server", "--bind", "127.0.0.1", other, "0"], (variable, port));
        Assert.EndsWith($"choose another with {variable}.", sentence, StringComparison.Ordinal);
    }

    // RFC 5737 keeps this address for documentation, so that no machine has it.
    [Theory]
    [InlineData("--bind")]
    [InlineData("--api-bind")]
    public async Task Address_OfAnotherMachine_IsTold(string flag)
    {
        using var start = new FailedStart();
        string sentence = await start.RunAsync(1, FailedStart.Server(flag, "192.0.2.1"));
        Assert.StartsWith($"{flag} 192.0.2.1 is not an address of this machine", sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Certificate_NotThere_IsTold()
    {
        using var start = new FailedStart();
        Assert.Contains("nowhere.pem", await start.RunAsync(1, FailedStart.Server("--certificate", "nowhere.pem")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "--cluster-bind makes this server a node of a cluster, which needs PostgreSQL; ")]
    [InlineData("--database postgres://u@127.0.0.1/d", "--cluster-bind makes this server a node of a cluster, which needs Redis; ")]
    [InlineData("--database postgres://u@127.0.0.1/d --redis 127.0.0.1:1", "A node of a cluster needs the nodes' authority; name the file with --cluster-authority-file ")]
    [InlineData(
        "--database postgres://u@127.0.0.1/d --redis 127.0.0.1:1 --cluster-authority-file ca.pem --cluster-certificate-file node.pem",
        "A node of a cluster needs its certificate's private key; name the file with --cluster-certificate-key-file ")]
    public async Task Node_WithoutWhatItNeeds_IsToldSo(string settings, string sentence)
    {
        using var start = new FailedStart();
        string[] arguments = ["--cluster-bind", "127.0.0.1:9998", .. settings.Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        Assert.StartsWith(sentence, await start.RunAsync(2, FailedStart.Server(arguments)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--cluster-bind", "9998", "--cluster-bind must be an IP address with a port")]
    [InlineData("--cluster-bind", "127.0.0.1", "--cluster-bind must be an IP address with a port")]
    [InlineData("--cluster-client-address", "node", "--cluster-client-address must be a host and a port")]
    public async Task Node_AddressThatIsNone_IsNamed(string flag, string value, string sentence)
    {
        using var start = new FailedStart();
        Assert.StartsWith(sentence, await start.RunAsync(2, FailedStart.Server(flag, value)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Node_ThatListensOnAllAddresses_MustSayWhichIsItsOwn()
    {
        using var start = new FailedStart();
        string sentence = await start.RunAsync(
            2, FailedStart.Server("--cluster-bind", "0.0.0.0:9998", "--database", "postgres://u@127.0.0.1/d", "--redis", "127.0.0.1:1"));
        Assert.StartsWith("Other nodes cannot connect to 0.0.0.0:9998; say with --cluster-address ", sentence, StringComparison.Ordinal);
    }

    private static IEnumerable<string?> DirectoriesIn(FailedStart start) =>
        Directory.GetDirectories(start.Directory).Select(Path.GetFileName).Order(StringComparer.Ordinal);
}
