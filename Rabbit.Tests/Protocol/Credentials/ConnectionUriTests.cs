using Rabbit.Protocol.Credentials;
using Xunit;

namespace Rabbit.Tests.Protocol.Credentials;

public sealed class ConnectionUriTests
{
    private const string Fingerprint = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    [Theory]
    [InlineData("rabbit://tok@example.com:1234?fingerprint=" + Fingerprint, "tok", "example.com", 1234, Fingerprint, false)]
    [InlineData("rabbit://tok@example.com", "tok", "example.com", 9999, null, false)]
    [InlineData("rabbit://example.com/", "", "example.com", 9999, null, false)]
    [InlineData("rabbit://tok@[::1]:7?plaintext=1", "tok", "::1", 7, null, true)]
    [InlineData("rabbit://tok@127.0.0.1:7", "tok", "127.0.0.1", 7, null, false)]
    public void Parse_Valid_ReadsEveryPart(string text, string token, string host, int port, string? fingerprint, bool plaintext) =>
        Assert.Equal(new ConnectionUri(token, host, port, fingerprint, plaintext), ConnectionUri.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("example.com:9999")]
    [InlineData("http://tok@example.com")]
    [InlineData("rabbit://")]
    [InlineData("rabbit://tok@host/path")]
    [InlineData("rabbit://tok@host#fragment")]
    [InlineData("rabbit://tok@host?unknown=1")]
    [InlineData("rabbit://tok@host?plaintext=0")]
    [InlineData("rabbit://tok@host?fingerprint=abc")]
    [InlineData("rabbit://tok@host:99999")]
    public void Parse_Invalid_Throws(string text) => Assert.Throws<FormatException>(() => ConnectionUri.Parse(text));

    [Theory]
    [InlineData("rabbit://tok@example.com:1234?fingerprint=" + Fingerprint)]
    [InlineData("rabbit://tok@[::1]:7?plaintext=1")]
    [InlineData("rabbit://tok@127.0.0.1:7")]
    public void Reveal_OfParsed_IsTheSameText(string text) => Assert.Equal(text, ConnectionUri.Parse(text).Reveal());

    [Fact]
    public void ToString_Never_ShowsTheToken() =>
        Assert.DoesNotContain("tok", ConnectionUri.Parse("rabbit://tok@example.com:1").ToString(), StringComparison.Ordinal);
}
