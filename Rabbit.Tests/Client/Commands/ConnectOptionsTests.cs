using Rabbit.Client.Commands;
using Rabbit.Client.Connection;
using Rabbit.Client.Health;
using Rabbit.Protocol.Credentials;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Client.Commands;

public sealed class ConnectOptionsTests
{
    private const string Pin = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    private static readonly TokenText Token = TokenText.Create();
    private static readonly TokenText Other = TokenText.Create();

    private static readonly ConnectArguments Bare = new(
        Uri: null, Server: null, Token: null, TokenFile: null, TokenInEnvironment: null, "3000", "localhost",
        Fingerprint: null, CaFile: null, Plaintext: false, "here");

    private static readonly ConnectArguments Pasted = Bare with { Uri = $"rabbit://{Token.Reveal()}@host.test:1234?fingerprint={Pin}" };

    [Fact]
    public void Read_PastedString_HasEverything() => Assert.Equal(
        new ConnectOptions(
            Token, "host.test", 1234, new LocalTarget.Tcp("localhost", 3000), Pin, CaFile: null, Plaintext: false, "here",
            Health: new HealthOptions(ProbeKind.Declared, "/", TimeSpan.FromSeconds(30))),
        ConnectOptions.Read(Pasted));

    [Theory]
    [InlineData("host.test:1234", "host.test", 1234)]
    [InlineData("host.test", "host.test", 9999)]
    [InlineData("HOST.test", "host.test", 9999)]
    [InlineData("192.0.2.1:1", "192.0.2.1", 1)]
    [InlineData("[2001:db8::1]:65535", "2001:db8::1", 65535)]
    [InlineData("[2001:db8::1]", "2001:db8::1", 9999)]
    public void Read_Server_IsHostAndPort(string server, string host, int port)
    {
        ConnectOptions options = ConnectOptions.Read(Bare with { Server = server, Token = Token.Reveal() });
        Assert.Equal((host, port), (options.Host, options.Port));
    }

    [Theory]
    [InlineData("")]
    [InlineData(":9999")]
    [InlineData("host:port")]
    [InlineData("host:65536")]
    [InlineData("host:0")]
    [InlineData("host/path")]
    [InlineData("host?plaintext=1")]
    [InlineData("host#x")]
    [InlineData("name@host")]
    [InlineData("rabbit://host")]
    public void Read_ServerMalformed_SaysWhatItMustBe(string server) =>
        Assert.Contains("port", Fault(Bare with { Server = server, Token = Token.Reveal() }), StringComparison.OrdinalIgnoreCase);

    [Fact]
    public void Read_FlagsBesideThePastedString_Win()
    {
        ConnectOptions options = ConnectOptions.Read(
            Pasted with { Server = "other.test:5", Token = Other.Reveal(), Fingerprint = $"SHA256:{new string('F', 64)}" });
        Assert.Equal(("other.test", 5, Other, new string('f', 64)), (options.Host, options.Port, options.Token, options.Fingerprint));
    }

    [Fact]
    public void Read_TokenInSeveralPlaces_FlagBeatsFileBeatsStringBeatsEnvironment()
    {
        using var directory = new TempDirectory();
        string file = directory.File("token");
        File.WriteAllText(file, $"{Other.Reveal()}\n");
        string environment = TokenText.Create().Reveal();
        Assert.Equal(Other, ConnectOptions.Read(Pasted with { Token = Other.Reveal(), TokenInEnvironment = environment }).Token);
        Assert.Equal(Other, ConnectOptions.Read(Pasted with { TokenFile = file, TokenInEnvironment = environment }).Token);
        Assert.Equal(Token, ConnectOptions.Read(Pasted with { TokenInEnvironment = environment }).Token);
        Assert.Equal(environment, ConnectOptions.Read(Pasted with { Uri = "rabbit://host.test", TokenInEnvironment = environment }).Token.Reveal());
    }

    [Fact]
    public void Read_TokenTwice_IsRefused() =>
        Assert.Contains("--token-file", Fault(Pasted with { Token = Token.Reveal(), TokenFile = "/nowhere" }), StringComparison.Ordinal);

    [Fact]
    public void Read_TokenFileUnreadable_NamesIt()
    {
        using var directory = new TempDirectory();
        Assert.Contains(directory.Path, Fault(Pasted with { TokenFile = directory.Path }), StringComparison.Ordinal);
        Assert.Contains(directory.File("none"), Fault(Pasted with { TokenFile = directory.File("none") }), StringComparison.Ordinal);
    }

    [Theory]
    [Trait("Property", "P05")]
    [InlineData("rbt_mistyped_secret")]
    [InlineData("")]
    public void Read_TokenMistyped_IsRefusedWithoutShowingIt(string text)
    {
        string fault = Fault(Pasted with { Token = text });
        Assert.Contains("mistyped", fault, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("65536")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData("80 ")]
    [InlineData("abc")]
    [InlineData("")]
    public void Read_LocalPortNoPort_NamesTheOption(string port) =>
        Assert.Contains($"--local-port must be the port of the local service, 1 to 65535, not '{port}'", Fault(Pasted with { LocalPort = port }), StringComparison.Ordinal);

    [Fact]
    public void Read_LocalService_IsAPortOrASocket()
    {
        Assert.Equal(new LocalTarget.Unix("/run/app.sock"), ConnectOptions.Read(Pasted with { LocalPort = null, LocalSocket = "/run/app.sock" }).Local);
        Assert.Contains("--local-port PORT, or --local-socket PATH", Fault(Pasted with { LocalPort = null }), StringComparison.Ordinal);
        Assert.Contains("not both", Fault(Pasted with { LocalSocket = "/run/app.sock" }), StringComparison.Ordinal);
        Assert.Contains("107 bytes", Fault(Pasted with { LocalPort = null, LocalSocket = $"/{new string('a', 107)}" }), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TokenNowhere_IsLookedForUnderTheServersName()
    {
        ConnectOptions options = ConnectOptions.Read(Bare with
        {
            Server = "Host.Test:7",
            FindToken = (host, port) => (host, port) == ("host.test", 7) ? Other.Reveal() : null,
        });
        Assert.Equal(Other, options.Token);
        Assert.Contains("tunnel-client login", Fault(Bare with { Server = "host.test" }), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_LocalHostEmpty_NamesTheOption() =>
        Assert.Contains("--local-host", Fault(Pasted with { LocalHost = "" }), StringComparison.Ordinal);

    [Fact]
    public void Read_PlaintextWithAPinOrAnAuthority_IsAContradiction()
    {
        Assert.Contains("--plaintext", Fault(Pasted with { Plaintext = true }), StringComparison.Ordinal);
        Assert.Contains("--plaintext", Fault(Pasted with { Uri = $"rabbit://{Token.Reveal()}@h?plaintext=1", CaFile = "/ca.pem" }), StringComparison.Ordinal);
        Assert.True(ConnectOptions.Read(Pasted with { Uri = $"rabbit://{Token.Reveal()}@h?plaintext=1" }).Plaintext);
    }

    [Fact]
    [Trait("Property", "P05")]
    public void ToString_Options_DoesNotShowTheSecret() =>
        Assert.DoesNotContain(Token.Secret, ConnectOptions.Read(Pasted).ToString(), StringComparison.Ordinal);

    private static string Fault(ConnectArguments arguments) => Assert.Throws<OptionException>(() => ConnectOptions.Read(arguments)).Message;
}
