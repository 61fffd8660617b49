using Rabbit.Protocol.Relay;
using Xunit;

namespace Rabbit.Tests.Protocol.Relay;

public sealed class RelayCountersTests
{
    [Fact]
    [Trait("Property", "P33")]
    public void StartAToBOver_AgainAndAgain_CountsEachByteOnce()
    {
        var counters = new RelayCounters();
        counters.Forward.Add(100);
        counters.StartAToBOver();
        counters.Forward.Add(70); // The second end took less than the first before it turned out to be dead too.
        Assert.Equal(100, counters.AToB);
        counters.StartAToBOver();
        counters.Forward.Add(60);
        counters.Forward.Add(60);
        Assert.Equal(120, counters.AToB);
        counters.Forward.Add(5);
        Assert.Equal(125, counters.AToB);
    }
}
