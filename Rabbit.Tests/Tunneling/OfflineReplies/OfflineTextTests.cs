using Rabbit.Tunneling.OfflineReplies;
using Xunit;

namespace Rabbit.Tests.Tunneling.OfflineReplies;

[Trait("Property", "P13")]
public sealed class OfflineTextTests
{
    private static readonly DateTimeOffset Since = new(2026, 11, 30, 23, 5, 59, TimeSpan.FromHours(1));

    [Theory]
    [InlineData("")]
    [InlineData("Back in a moment.")]
    [InlineData("{tunnel} ({port}) ist seit {since} weg – 少々お待ちください.")]
    public void IsValid_OneLineWithKnownNames(string text) => Assert.True(OfflineText.IsValid(text));

    [Theory]
    [InlineData("{host}")]
    [InlineData("{port")]
    [InlineData("{{port}}")]
    [InlineData("two\nlines")]
    [InlineData("a \u001b[31mred\u001b[0m word")]
    [InlineData("a \0 field")]
    [InlineData("left \u202e right")]
    [InlineData("half a \ud83d")]
    public void IsValid_AnythingElse_IsNot(string text) => Assert.False(OfflineText.IsValid(text));

    [Fact]
    public void IsValid_LongerThanTheLimit_IsNot()
    {
        Assert.True(OfflineText.IsValid(new string('x', OfflineText.MaxLength)));
        Assert.False(OfflineText.IsValid(new string('x', OfflineText.MaxLength + 1)));
    }

    [Fact]
    public void Expand_FillsIn_OnceAndPrintably() => Assert.Equal(
        "a {port}\ufffd\ufffd[31m is gone from 12345 since 2026-11-30 22:05 UTC, 12345.",
        OfflineText.Expand("{tunnel} is gone from {port} since {since}, {port}.", 12345, "a {port}\n\u001b[31m", Since));

    [Fact]
    public void Expand_LongName_IsCutBetweenCharacters()
    {
        string expanded = OfflineText.Expand("x{tunnel}", 1, string.Concat(Enumerable.Repeat("😀", 1000)), Since);
        Assert.Equal("x" + string.Concat(Enumerable.Repeat("😀", (OfflineText.MaxExpandedLength - 1) / 2)), expanded);
    }
}
