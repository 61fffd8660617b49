using Rabbit.Tunneling.Traffic;
using Xunit;

namespace Rabbit.Tests.Tunneling.Traffic;

public sealed class TrafficRingTests
{
    [Fact]
    public void AddTo_SecondsLeftOut_CarriedNothing()
    {
        var ring = new TrafficRing();
        ring.Add(1000, new TrafficSample(1, 10));
        ring.Add(1003, new TrafficSample(2, 20));

        Assert.Equal([(1, 10), (0, 0), (0, 0), (2, 20)], Read(ring, 4, 1003));
        Assert.Equal([(0, 0), (2, 20), (0, 0)], Read(ring, 3, 1004));
    }

    [Fact]
    public void AddTo_RoundAndRound_HasTheLastSecondsOnly()
    {
        var ring = new TrafficRing();
        for (int second = 1; second <= (TrafficHistory.Seconds * 2) + 7; second++)
            ring.Add(second, new TrafficSample(second, -second));

        int last = (TrafficHistory.Seconds * 2) + 7;
        Assert.Equal(Enumerable.Range(last - TrafficHistory.Seconds + 1, TrafficHistory.Seconds).Select(second => ((long)second, (long)-second)),
            Read(ring, TrafficHistory.Seconds, last));
    }

    [Fact]
    public void AddTo_AfterALongSilence_HasNothingOfBefore()
    {
        var ring = new TrafficRing();
        ring.Add(10, new TrafficSample(7, 7));
        ring.Add(10 + (TrafficHistory.Seconds * 3), new TrafficSample(1, 1));

        var seen = Read(ring, TrafficHistory.Seconds, 10 + (TrafficHistory.Seconds * 3));
        Assert.Equal((1, 1), seen[^1]);
        Assert.All(seen[..^1], second => Assert.Equal((0, 0), second));
    }

    [Fact]
    public void AddTo_TwoRings_AreAddedUp()
    {
        var (one, other) = (new TrafficRing(), new TrafficRing());
        one.Add(5, new TrafficSample(1, 2));
        other.Add(5, new TrafficSample(10, 20));
        var sums = new TrafficSample[1];
        one.AddTo(sums, 5);
        other.AddTo(sums, 5);
        Assert.Equal(new TrafficSample(11, 22), sums[0]);
    }

    private static (long From, long To)[] Read(TrafficRing ring, int seconds, long last)
    {
        var sums = new TrafficSample[seconds];
        ring.AddTo(sums, last);
        return [.. sums.Select(sample => (sample.FromVisitors, sample.ToVisitors))];
    }
}
