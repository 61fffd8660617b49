using Rabbit.Tunneling.Sessions;
using Xunit;

namespace Rabbit.Tests.Tunneling.Sessions;

[Trait("Property", "P13")]
public sealed class PeerTextTests
{
    [Theory]
    [InlineData("db-host", "db-host")]
    [InlineData("Zürich \ud83d\udc07", "Zürich \ud83d\udc07")]
    [InlineData("a\r\nfake log line", @"a\u{d}\u{a}fake log line")]
    [InlineData("\u001b[31mred", @"\u{1b}[31mred")]
    [InlineData("\u202egnp.exe", @"\u{202e}gnp.exe")]
    [InlineData("\u2028\u0000\u007f\u0085", @"\u{2028}\u{0}\u{7f}\u{85}")]
    public void Escape_AnyText_StaysOnItsLine(string text, string expected) => Assert.Equal(expected, PeerText.Escape(text));

    [Fact]
    public void Escape_LongText_IsCapped() => Assert.Equal(new string('x', 128) + "…", PeerText.Escape(new string('x', 4000)));
}
