using Rabbit.Client.Configuration;
using Rabbit.Client.Connection;
using Rabbit.Client.Credentials;
using Rabbit.Client.Health;
using Rabbit.Client.Tunnels;
using Rabbit.Protocol.Credentials;
using Rabbit.Protocol.Proxy;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Client.Configuration;

public sealed class TunnelFileTests : IDisposable
{
    private const string Pin = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    private readonly TempDirectory _directory = new();
    private readonly TokenText _first = TokenText.Create();
    private readonly TokenText _second = TokenText.Create();

    public TunnelFileTests()
    {
        File.WriteAllText(_directory.File("first.token"), _first.Reveal() + "\n");
        File.WriteAllText(_directory.File("second.token"), _second.Reveal());
        if (!OperatingSystem.IsWindows())
        {
            foreach (string file in Directory.GetFiles(_directory.Path))
                File.SetUnixFileMode(file, UnixFileMode.UserRead);
        }
    }

    [Fact]
    public void Read_CommonSettings_HoldForTunnelsThatDoNotSayOtherwise()
    {
        TunnelFile file = Read(
            $$"""
            {
              // Comments and trailing commas are fine.
              "server": "tunnel.test:7", "fingerprint": "{{Pin}}", "name": "here", "proxy_protocol": 2,
              "tunnels": {
                "db": { "token_file": "first.token", "local_port": 5432, "health": "postgres", "health_interval": 2.5 },
                "web": { "uri": "rabbit://other.test?plaintext=1", "token_file": "second.token", "local_socket": "app.sock", "proxy_protocol": "v1", },
              },
            }
            """);
        Assert.Empty(file.Faults);
        Assert.Empty(file.Warnings);
        Assert.Equal(["db", "web"], file.Tunnels.Select(tunnel => tunnel.Name));
        var (db, web) = (file.Tunnels[0].Options, file.Tunnels[1].Options);
        Assert.Equal(("tunnel.test", 7, _first, Pin, "here", ProxyVersion.Binary), (db.Host, db.Port, db.Token, db.Fingerprint, db.Name, db.ProxyProtocol));
        Assert.Equal(new LocalTarget.Tcp("localhost", 5432), db.Local);
        Assert.Equal(new HealthOptions(ProbeKind.Postgres, "/", TimeSpan.FromSeconds(2.5)), db.Health);
        // Another server has another certificate.
        Assert.Equal(("other.test", 9999, _second, null, true, ProxyVersion.Text), (web.Host, web.Port, web.Token, web.Fingerprint, web.Plaintext, web.ProxyProtocol));
        Assert.Equal(new LocalTarget.Unix(_directory.File("app.sock")), web.Local);
    }

    [Fact]
    public void Read_SameTextTwice_MakesEqualTunnels()
    {
        const string Text = """{ "server": "a", "tunnels": { "db": { "token_file": "first.token", "local_port": 1 } } }""";
        Assert.Equal<TunnelDefinition>(Read(Text).Tunnels, Read(Text).Tunnels);
        Assert.NotEqual<TunnelDefinition>(Read(Text).Tunnels, Read(Text.Replace("1", "2", StringComparison.Ordinal)).Tunnels);
    }

    [Theory]
    [InlineData(3, "\"local_prot\": 1", "There is no setting tunnels.db.local_prot; did you mean local_port?")]
    [InlineData(3, "\"local-port\": 1", "did you mean local_port?")]
    [InlineData(3, "\"tokenFile\": \"x\"", "did you mean token_file?")]
    [InlineData(3, "\"colour\": 1", "There is no setting tunnels.db.colour; there are uri, token, token_file,")]
    [InlineData(3, "\"local_port\": 65536", "tunnels.db: local_port must be the port of the local service, 1 to 65535, not '65536'.")]
    [InlineData(3, "\"local_port\": true", "tunnels.db: local_port must be a number.")]
    [InlineData(3, "\"local_port\": 1, \"local_host\": 7", "tunnels.db: local_host must be a text in quotation marks.")]
    [InlineData(3, "\"local_port\": 1, \"plaintext\": \"yes\"", "tunnels.db: plaintext must be true or false.")]
    [InlineData(3, "\"local_port\": 1, \"health\": \"gopher\"", "tunnels.db: health must be tcp, http,")]
    [InlineData(3, "\"local_port\": 1, \"proxy_protocol\": 3", "tunnels.db: proxy_protocol must be 1 or 2")]
    [InlineData(3, "\"local_port\": 1, \"socket_buffer\": -1", "tunnels.db: socket_buffer must be a number of bytes")]
    [InlineData(3, "\"local_port\": 1, \"ca\": \"none.pem\"", "none.pem of ca does not exist.")]
    [InlineData(3, "\"local_port\": 1, \"local_port\": 2", "tunnels.db.local_port is there already, in line 3; remove one of them.")]
    [InlineData(3, "\"local_port\": 1 \"health\": \"tcp\"", "This is no JSON from column")]
    [InlineData(2, "", "tunnels.db: Say where the local service listens: local_port PORT, or local_socket PATH.")]
    public void Read_TunnelWrong_SaysInWhichLineAndWhatToDo(int line, string settings, string sentence)
    {
        TunnelFile file = Read($"{{ \"server\": \"a\", \"tunnels\": {{\n\"db\": {{ \"token_file\": \"first.token\",\n{settings} }} }} }}");
        SettingFault fault = Assert.Single(file.Faults);
        Assert.Equal(line, fault.Line);
        Assert.Contains(sentence, fault.Sentence, StringComparison.Ordinal);
        Assert.Empty(file.Tunnels);
        Assert.Equal($"tunnels.json:{line}: {fault.Sentence}", Assert.Single(file.Describe("tunnels.json")));
    }

    [Theory]
    [InlineData("", 1, "This is no JSON")]
    [InlineData("[]", 1, "must be an object")]
    [InlineData("{\n}", 1, "tunnels must hold the tunnels by their names")]
    [InlineData("{\n\"tunnels\": []\n}", 2, "tunnels must hold the tunnels by their names")]
    [InlineData("{\n\"tunnels\": {}\n}", 2, "tunnels must hold the tunnels by their names")]
    [InlineData("{\n\"tunnels\": {\n\"a b\": { \"server\": \"s\", \"token_file\": \"first.token\", \"local_port\": 1 } } }", 3, "'a b' is no name for a tunnel")]
    [InlineData("{\n\"tunnels\": {\n\"db\": 5432 } }", 3, "tunnels.db must be an object")]
    [InlineData("{\n\"local_port\": 1,\n\"tunnels\": { \"a\": { \"server\": \"s\", \"token_file\": \"first.token\", \"local_port\": 1 } } }", 2, "There is no setting local_port")]
    [InlineData("{ \"tunnels\": { \"a\": { \"server\": \"s\", \"token_file\": \"first.token\", \"local_port\": 1 } } } x", 1, "This is no JSON")]
    public void Read_FileWrong_SaysInWhichLineAndWhatToDo(string text, int line, string sentence)
    {
        SettingFault fault = Assert.Single(Read(text).Faults);
        Assert.Equal(line, fault.Line);
        Assert.Contains(sentence, fault.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_SeveralFaults_AreAllToldInTheirOrder()
    {
        TunnelFile file = Read("{ \"servr\": \"a\", \"tunnels\": {\n\"one\": { \"token_file\": \"first.token\" },\n\"two\": { \"server\": \"s\", \"token_file\": \"none\", \"local_port\": 1 } } }");
        Assert.Equal([1, 2, 3], file.Faults.Select(fault => fault.Line));
        Assert.Contains("did you mean server?", file.Faults[0].Sentence, StringComparison.Ordinal);
        Assert.Contains("Name the server", file.Faults[1].Sentence, StringComparison.Ordinal);
        Assert.Contains("cannot be read", file.Faults[2].Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_OneTokenForTwoTunnels_IsAFault()
    {
        TunnelFile file = Read("{ \"server\": \"s\", \"tunnels\": {\n\"one\": { \"token_file\": \"first.token\", \"local_port\": 1 },\n\"two\": { \"token_file\": \"first.token\", \"local_port\": 2 } } }");
        SettingFault fault = Assert.Single(file.Faults);
        Assert.Equal(3, fault.Line);
        Assert.Contains("tunnels.two has the token of tunnels.one", fault.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Property", "P05")]
    public void Read_TokenInAFileThatOthersCanRead_IsAWarning()
    {
        if (OperatingSystem.IsWindows())
            return;
        string text = $$"""{ "server": "s", "tunnels": { "db": { "token": "{{_first.Reveal()}}", "local_port": 1 } } }""";
        Assert.Contains("chmod 600", Assert.Single(Read(text, UnixFileMode.UserRead | UnixFileMode.OtherRead).Warnings), StringComparison.Ordinal);
        Assert.Empty(Read(text, UnixFileMode.UserRead).Warnings);
    }

    [Fact]
    public void Read_NoToken_IsTheOneThatLoginKept()
    {
        var store = new TokenStore(_directory.File("store/tokens"));
        store.Put("s", 9999, _second);
        string path = Write("""{ "server": "s", "tunnels": { "db": { "local_port": 1 } } }""");
        Assert.Equal(_second, Assert.Single(TunnelFile.Read(path, store).Tunnels).Options.Token);
    }

    [Fact]
    public void Read_FileNotThere_NamesIt() => Assert.Contains(
        _directory.File("none.json"), Assert.Throws<FormatException>(() => TunnelFile.Read(_directory.File("none.json"), Store)).Message, StringComparison.Ordinal);

    public void Dispose() => _directory.Dispose();

    private TokenStore Store => new(_directory.File("tokens"));

    private TunnelFile Read(string text, UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite) => TunnelFile.Read(Write(text, mode), Store);

    private string Write(string text, UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite)
    {
        string path = _directory.File($"{Guid.NewGuid():N}.json");
        File.WriteAllText(path, text);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, mode);
        return path;
    }
}
