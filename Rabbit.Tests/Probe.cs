using Xunit;

namespace Rabbit.Tests;

public sealed class Probe
{
    [Fact]
    public void Probe_Runs() => Assert.Equal(2, 1 + 1);
}
