using Microsoft.Extensions.Time.Testing;
using Rabbit.Client.Status;
using Rabbit.Protocol.Relay;
using Xunit;

namespace Rabbit.Tests.Client.Status;

public sealed class TunnelTrafficTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Measure_VisitorsComeAndGo_CountsAllOfThemAndTheRateOfTheLastSecond()
    {
        var traffic = new TunnelTraffic(_time);
        var (first, second) = (new RelayCounters(), new RelayCounters());
        traffic.Begin(first);
        traffic.Begin(second);
        first.Forward.Add(1000);
        second.Backward.Add(10);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(new TrafficFigures(2, 2, 1000, 10, 500, 5), traffic.Measure());

        second.Forward.Add(500);
        traffic.End(first);
        // Too soon to tell a rate by.
        _time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal(new TrafficFigures(1, 2, 1500, 10, 500, 5), traffic.Measure());
        _time.Advance(TimeSpan.FromSeconds(0.9));
        Assert.Equal(new TrafficFigures(1, 2, 1500, 10, 500, 0), traffic.Measure());
        traffic.End(second);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(new TrafficFigures(0, 2, 1500, 10, 0, 0), traffic.Measure());
    }
}
