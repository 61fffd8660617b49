using Rabbit.Faults.Checks;
using Rabbit.Faults.History;
using Rabbit.Faults.Soak;
using Rabbit.Persistence.Model;
using Rabbit.Tests.Support;
using Rabbit.Tunneling.State;
using Xunit;

namespace Rabbit.Tests.Faults;

/// <summary>What the fault suite looks for is found where it is there.</summary>
public sealed class InvariantTests : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly RunHistory _history;

    public InvariantTests() => _history = new RunHistory(_directory.File("history"));

    public void Dispose()
    {
        _history.Dispose();
        _directory.Dispose();
    }

    [Theory]
    [InlineData(nameof(VisitOutcome.Served), 0, 0)]
    [InlineData(nameof(VisitOutcome.Corrupt), 1, 1)]
    [InlineData(nameof(VisitOutcome.Offline), 1, 0)]
    [InlineData(nameof(VisitOutcome.Refused), 1, 0)]
    [InlineData(nameof(VisitOutcome.Reset), 1, 0)]
    [InlineData(nameof(VisitOutcome.Cut), 1, 0)]
    [InlineData(nameof(VisitOutcome.TimedOut), 1, 0)]
    public void Visit_OutsideAndInsideOfAFault_IsFoundWhereItMayNotBe(string outcome, int outside, int inside)
    {
        _history.Add(VisitAt(10, Enum.Parse<VisitOutcome>(outcome)));
        Assert.Equal(outside, Visits.Check(_history.Visits, _history.Windows).Count());
        _history.AddWindow(new FaultWindow(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(9.9), null));
        _history.AddWindow(new FaultWindow(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(20), Port: 2));
        Assert.Equal(outside, Visits.Check(_history.Visits, _history.Windows).Count());
        _history.AddWindow(new FaultWindow(TimeSpan.FromSeconds(10.5), TimeSpan.FromSeconds(20), Port: 1));
        Assert.Equal(inside, Visits.Check(_history.Visits, _history.Windows).Count());
    }

    [Fact]
    public void Log_AsTheVisitorsSawIt_Agrees() => Assert.Empty(LogAgreement.Check(
        [VisitAt(1, VisitOutcome.Served), VisitAt(2, VisitOutcome.Reset), VisitAt(3, VisitOutcome.Offline)],
        [Row(ConnectionStatus.Refused, 0, 200), Row(ConnectionStatus.Error, 10, 250), Row(ConnectionStatus.Closed, 100, 200)],
        _ => false));

    [Fact]
    public void Log_TwoVisitorsFromOnePort_AreToldApart() => Assert.Empty(LogAgreement.Check(
        [VisitAt(1, VisitOutcome.Offline), VisitAt(2, VisitOutcome.Reset)], [Row(ConnectionStatus.Error, 10, 250), Row(ConnectionStatus.Refused, 0, 200)], _ => false));

    [Fact]
    public void Log_ClientBrokeWhenTheVisitorHadAll_AgreesNearAFaultOnly()
    {
        Assert.Single(LogAgreement.Check([VisitAt(1, VisitOutcome.Served)], [Row(ConnectionStatus.Error, 100, 200)], _ => false));
        Assert.Empty(LogAgreement.Check([VisitAt(1, VisitOutcome.Served)], [Row(ConnectionStatus.Error, 100, 200)], _ => false, _ => true));
    }

    [Fact]
    public void Log_RowMissing_IsFound_UnlessItMayLack()
    {
        Assert.Single(LogAgreement.Check([VisitAt(1, VisitOutcome.Served)], [], _ => false));
        Assert.Empty(LogAgreement.Check([VisitAt(1, VisitOutcome.Served)], [], _ => true));
    }

    [Fact]
    public void Log_RowOpen_IsFound_WhateverMayDiffer() =>
        Assert.Single(LogAgreement.Check([VisitAt(1, VisitOutcome.Reset)], [Row(ConnectionStatus.Active, 100, 200)], _ => true));

    [Fact]
    public void Log_RowOfNobody_IsFound() =>
        Assert.Single(LogAgreement.Check([VisitAt(1, VisitOutcome.Served)], [Row(ConnectionStatus.Closed, 100, 200), Row(ConnectionStatus.Closed, 100, 200)], _ => true));

    [Theory]
    [InlineData(ConnectionStatus.Closed, 99, 200)]
    [InlineData(ConnectionStatus.Closed, 100, 201)]
    [InlineData(ConnectionStatus.Error, 100, 200)]
    public void Log_ServedVisitorsRowWrong_IsFound(ConnectionStatus status, long from, long to) =>
        Assert.Single(LogAgreement.Check([VisitAt(1, VisitOutcome.Served)], [Row(status, from, to)], _ => false));

    [Fact]
    public void Slope_OfANoisyLine_IsFoundWithinItsError()
    {
        var random = new Random(3);
        Slope slope = Slope.Of([.. Enumerable.Range(0, 100).Select(i => (TimeSpan.FromSeconds(10 * i), 25 + (5.0 * i / 360) + (random.NextDouble() * 0.2)))]);
        Assert.InRange(slope.PerHour, 5 - slope.Error, 5 + slope.Error);
        Assert.InRange(slope.Error, 0.05, 0.5);
    }

    private static Visit VisitAt(int second, VisitOutcome outcome) => new(
        second, VisitKind.Brief, TunnelPort: 1, LocalPort: 40_000, TimeSpan.FromSeconds(second), TimeSpan.FromSeconds(second + 1), outcome, Sent: 100, Received: 200, "");

    private static ConnectionLogRow Row(ConnectionStatus status, long fromVisitor, long toVisitor) => new()
    {
        Id = Guid.CreateVersion7(),
        TeamId = "team",
        TokenId = "token",
        Port = 1,
        VisitorAddress = "127.0.0.1",
        VisitorPort = 40_000,
        Status = status,
        BytesFromVisitor = fromVisitor,
        BytesToVisitor = toVisitor,
        Reason = "",
    };
}
