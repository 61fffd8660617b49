using Rabbit.Client.Terminal;
using Xunit;

namespace Rabbit.Tests.Client.Terminal;

public sealed class AmountsTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(999, "999 B")]
    [InlineData(1000, "1.0 kB")]
    [InlineData(99_949, "99.9 kB")]
    [InlineData(99_950, "100 kB")]
    [InlineData(999_499, "999 kB")]
    [InlineData(999_500, "1.0 MB")]
    [InlineData(12_345_678_901, "12.3 GB")]
    [InlineData(long.MaxValue, "9.2 EB")]
    public void Bytes_Amount_IsShort(long bytes, string text) => Assert.Equal(text, Amounts.Bytes(bytes));

    [Theory]
    [InlineData(-1, "0 s")]
    [InlineData(0.2, "1 s")]
    [InlineData(59, "59 s")]
    [InlineData(60, "1 min 0 s")]
    [InlineData(3_725, "1 h 2 min")]
    [InlineData(90_000, "1 d 1 h")]
    public void Time_Span_HasItsTwoLargestUnits(double seconds, string text) => Assert.Equal(text, Amounts.Time(TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData(null, "-")]
    [InlineData(0.04, "0.0 ms")]
    [InlineData(9.94, "9.9 ms")]
    [InlineData(9.96, "10 ms")]
    [InlineData(12_345.0, "12 s")]
    public void RoundTrip_Time_IsShort(double? milliseconds, string text) => Assert.Equal(text, Amounts.RoundTrip(milliseconds));

    [Theory]
    [InlineData("name", 4, "name")]
    [InlineData("names", 4, "nam…")]
    [InlineData("日本語", 6, "日本語")]
    [InlineData("日本語", 5, "日本…")]
    [InlineData("日本語", 4, "日…")]
    [InlineData("x", 0, "")]
    public void Fit_Text_TakesNoMoreCellsThanThereAre(string text, int width, string fitted) => Assert.Equal(fitted, CellText.Fit(text, width, "…"));
}
