using Microsoft.Extensions.Time.Testing;
using Rabbit.Protocol.Frames;
using Xunit;

namespace Rabbit.Tests.Protocol.Frames;

[Trait("Property", "P27")]
public sealed class SilenceWatchTests
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan DeadAfter = TimeSpan.FromSeconds(45);
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);

    private readonly FakeTimeProvider _time = new();
    private int _silent;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7.5)]
    [InlineData(44)]
    public async Task NothingHeard_IsToldOnceAndOnTime_WheneverTheLastWordWas(double lastWord)
    {
        await using SilenceWatch watch = Start();
        _time.Advance(TimeSpan.FromSeconds(lastWord));
        watch.Heard();
        TimeSpan limit = DeadAfter + (Heartbeat / 4);
        while (watch.Silence + TimeSpan.FromSeconds(1) < limit)
            _time.Advance(TimeSpan.FromSeconds(1));
        _time.Advance(limit - watch.Silence - Moment);
        Assert.Equal(0, _silent);
        _time.Advance(Moment);
        Assert.Equal(1, _silent);
        _time.Advance(DeadAfter * 10);
        Assert.Equal(1, _silent);
    }

    [Fact]
    public async Task HeardRegularly_IsNeverSilent()
    {
        await using SilenceWatch watch = Start();
        for (int i = 0; i < 1000; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(40));
            watch.Heard();
        }
        Assert.Equal(0, _silent);
    }

    [Fact]
    public async Task ProcessStoodStillItself_ThePeerGetsAnotherInterval()
    {
        await using SilenceWatch watch = Start();
        _time.Advance(TimeSpan.FromMinutes(2)); // The timer is seen to fire more than a minute late.
        Assert.Equal(0, _silent);
        _time.Advance(Heartbeat - Moment);
        Assert.Equal(0, _silent);
        _time.Advance(Moment);
        Assert.Equal(1, _silent);
    }

    [Fact]
    public async Task ProcessStandsStillAgainAndAgain_ThePeerIsGivenUpNevertheless()
    {
        await using SilenceWatch watch = Start();
        _time.Advance(TimeSpan.FromMinutes(2));
        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(1, _silent);
    }

    private SilenceWatch Start() => new(Heartbeat, DeadAfter, () => _silent++, _time);
}
