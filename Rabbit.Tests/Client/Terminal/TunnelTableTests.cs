using Rabbit.Client.Status;
using Rabbit.Client.Terminal;
using Rabbit.Protocol.Messages;
using Xunit;

namespace Rabbit.Tests.Client.Terminal;

public sealed class TunnelTableTests
{
    private static readonly DateTimeOffset Now = new(2026, 12, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly TerminalStyle Plain = new(HasColor: false, IsUnicode: true);

    private static readonly TunnelSnapshot Live = new(
        "db", TunnelState.Live, Now.AddMinutes(-3), Reason: null, NextTryAt: null, "tunnel.test:9999", "tunnel.test:10000", "localhost:5432", ServiceState.Up,
        ServiceReason: null, RoundTripMilliseconds: 12.34, VisitorsNow: 3, VisitorsTotal: 120, BytesUp: 1_234_567, BytesDown: 999, BytesUpPerSecond: 3400, BytesDownPerSecond: 0);

    private static readonly TunnelSnapshot Away = Live with
    {
        Name = "web",
        State = TunnelState.Waiting,
        Reason = "nothing listens at tunnel.test:9999",
        NextTryAt = Now.AddSeconds(3.2),
        PublicAddress = null,
        RoundTripMilliseconds = null,
    };

    [Fact]
    public void Render_WideWindow_ShowsEverything() => Assert.Equal(
        [
            "  NAME  STATE         VISITORS AT        SERVICE           RTT  NOW  IN ALL      UP      UP/s   DOWN  DOWN/s",
            "● db    live          tunnel.test:10000  localhost:5432  12 ms    3     120  1.2 MB  3.4 kB/s  999 B   0 B/s",
            "● web   retry in 4 s  -                  localhost:5432      -    3     120  1.2 MB  3.4 kB/s  999 B   0 B/s",
            "    nothing listens at tunnel.test:9999",
        ],
        TunnelTable.Render([Live, Away], Now, Plain, 200, 50));

    [Theory]
    [InlineData(100)]
    [InlineData(80)]
    [InlineData(60)]
    [InlineData(40)]
    [InlineData(20)]
    [InlineData(5)]
    [InlineData(1)]
    public void Render_NarrowWindow_FitsAndKeepsNameAndState(int width)
    {
        List<string> lines = TunnelTable.Render([Live, Away], Now, Plain, width, 50);
        Assert.All(lines, line => Assert.True(CellText.Width(line) <= width, $"'{line}' is wider than {width}."));
        if (width >= 24)
            Assert.StartsWith("● db    live", lines[1], StringComparison.Ordinal);
        if (width is >= 60)
            Assert.Contains("tunnel.test:10000", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Render_LowWindow_SaysHowManyThereAreBesides()
    {
        List<string> lines = TunnelTable.Render([.. Enumerable.Range(0, 20).Select(i => Live with { Name = $"t{i}" })], Now, Plain, 120, 6);
        Assert.Equal(6, lines.Count);
        Assert.Contains("t3", lines[4], StringComparison.Ordinal);
        Assert.Equal("  and 16 more; 'tunnel-client status' shows all", lines[5]);
        Assert.Equal(6, TunnelTable.Render([Live, Live, Live, Live, Live], Now, Plain, 120, 6).Count);
    }

    [Fact]
    public void Render_Colors_OnlyWhereWanted()
    {
        Assert.Contains("\e[32m●\e[0m", TunnelTable.Render([Live], Now, Plain with { HasColor = true }, 100, 9)[1], StringComparison.Ordinal);
        Assert.DoesNotContain('\e', string.Concat(TunnelTable.Render([Live, Away], Now, Plain, 100, 9)));
    }

    [Fact]
    public void Card_OneTunnel_SaysWhatThereIsToKnow()
    {
        TunnelSnapshot down = Live with { Name = null, Service = ServiceState.Down, ServiceReason = "localhost:5432 refuses the connection" };
        Assert.Equal(
            [
                "Tunnel      live, service down, for 3 min 0 s",
                "            localhost:5432 refuses the connection",
                "Visitors at tunnel.test:10000",
                "Service     localhost:5432",
                "Round trip  12 ms",
                "Visitors    3 now, 120 in all",
                "Up          1.2 MB, 3.4 kB/s",
                "Down        999 B, 0 B/s",
            ],
            TunnelCard.Render(down, Now, Plain, 80));
        Assert.All(TunnelCard.Render(down, Now, Plain, 30), line => Assert.True(CellText.Width(line) <= 30, line));
    }
}
