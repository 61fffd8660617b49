using Microsoft.Extensions.Time.Testing;
using Rabbit.Client.Connection;
using Xunit;

namespace Rabbit.Tests.Client.Connection;

[Trait("Property", "P42")]
public sealed class ReconnectBackoffTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Next_AgainAndAgain_DoublesFromHalfASecondToHalfAMinuteForEver()
    {
        var backoff = new ReconnectBackoff(_time, new NoJitter(1));
        double[] waits = [.. Enumerable.Range(0, 1000).Select(_ => Math.Round(backoff.Next(TimeSpan.Zero).TotalSeconds, 3))];
        Assert.Equal([0.5, 1, 2, 4, 8, 16, 30, 30], waits[..8]);
        Assert.All(waits[8..], wait => Assert.Equal(30, wait));
    }

    [Fact]
    public void Next_OfManyClients_IsSpreadOverTheWholeRange()
    {
        int[] tenths = new int[10];
        for (int client = 0; client < 10_000; client++)
        {
            TimeSpan wait = new ReconnectBackoff(_time, new Random(client)).Next(TimeSpan.Zero);
            Assert.InRange(wait.TotalSeconds, 0, 0.5);
            tenths[(int)(wait.TotalSeconds * 20 * 0.9999)]++;
        }
        Assert.All(tenths, count => Assert.InRange(count, 800, 1200));
    }

    [Theory]
    [InlineData(59, 2)]
    [InlineData(60, 0.5)]
    public void Next_AfterASession_StartsAgainOnlyWhenThatWasStableForAMinute(int seconds, double expected)
    {
        var backoff = new ReconnectBackoff(_time, new NoJitter(1));
        backoff.Next(TimeSpan.Zero);
        backoff.Next(TimeSpan.Zero);
        backoff.Connected();
        _time.Advance(TimeSpan.FromSeconds(seconds));
        Assert.Equal(expected, backoff.Next(TimeSpan.Zero).TotalSeconds, 3);
    }

    [Fact]
    public void AtOnce_AfterASession_IsWithinATenthOfASecond_AndThenAsAlways()
    {
        var backoff = new ReconnectBackoff(_time, new NoJitter(1));
        for (int handOver = 0; handOver < 10; handOver++)
        {
            backoff.Connected();
            _time.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(0.1, backoff.AtOnce().TotalSeconds, 3);
        }
        Assert.Equal(0.5, backoff.Next(TimeSpan.Zero).TotalSeconds, 3);
        Assert.Equal(1, backoff.Next(TimeSpan.Zero).TotalSeconds, 3);
    }

    [Fact]
    public void AtOnce_AgainAndAgainWithoutASessionBetween_IsAsAnyOther()
    {
        var backoff = new ReconnectBackoff(_time, new NoJitter(1));
        double[] waits = [.. Enumerable.Range(0, 7).Select(_ =>
        {
            backoff.Connected();
            _time.Advance(TimeSpan.FromSeconds(0.9));
            return Math.Round(backoff.AtOnce().TotalSeconds, 3);
        })];
        Assert.Equal([0.5, 1, 2, 4, 8, 16, 30], waits);
    }

    [Fact]
    public void AtOnce_OfManyClients_IsSpread()
    {
        TimeSpan[] waits = [.. Enumerable.Range(0, 1000).Select(client =>
        {
            var backoff = new ReconnectBackoff(_time, new Random(client));
            backoff.Connected();
            _time.Advance(TimeSpan.FromSeconds(1));
            return backoff.AtOnce();
        })];
        Assert.InRange(waits.Count(wait => wait < TimeSpan.FromMilliseconds(50)), 400, 600);
    }

    [Fact]
    public void Next_ServerAskedForATime_WaitsAtLeastThatLong() =>
        Assert.InRange(new ReconnectBackoff(_time, new Random(7)).Next(TimeSpan.FromSeconds(30)).TotalSeconds, 30, 30.5);
}
