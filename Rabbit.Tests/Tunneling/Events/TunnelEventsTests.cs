using Microsoft.Extensions.Time.Testing;
using Rabbit.Tunneling.Events;
using Xunit;

namespace Rabbit.Tests.Tunneling.Events;

public sealed class TunnelEventsTests
{
    private const int Remembered = 1000;

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly TunnelEvents _events;

    public TunnelEventsTests() => _events = new TunnelEvents(_time);

    [Fact]
    public async Task Publish_Listener_HearsWhatItWantsInOrder()
    {
        using TunnelEventSubscription subscription = _events.Subscribe(told => told.Type != "unwanted", after: null);
        Publish("one");
        Publish("unwanted");
        Publish("two");
        NumberedEvent first = await NextAsync(subscription), second = await NextAsync(subscription);
        Assert.Equal(("one", "two"), (first.Event.Type, second.Event.Type));
        Assert.True(second.Id > first.Id);
    }

    [Fact]
    public async Task Subscribe_AfterAnEvent_GoesOnBehindIt()
    {
        using TunnelEventSubscription subscription = _events.Subscribe(_ => true, after: null);
        Publish("one");
        Publish("two");
        Publish("three");
        long had = (await NextAsync(subscription)).Id;
        using TunnelEventSubscription again = _events.Subscribe(_ => true, had);
        Assert.Equal(("two", "three"), ((await NextAsync(again)).Event.Type, (await NextAsync(again)).Event.Type));
    }

    [Fact]
    public async Task Subscribe_AfterAnEventOfAnEarlierProcess_IsToldThatItMissedSome()
    {
        Publish("one");
        long had = _time.GetUtcNow().AddDays(-1).ToUnixTimeMilliseconds() * 1000;
        using TunnelEventSubscription subscription = _events.Subscribe(_ => true, had);
        Assert.Equal("one", (await NextAsync(subscription)).Event.Type);
        Assert.Equal(TunnelEventTypes.Missed, (await NextAsync(subscription)).Event.Type);
    }

    [Fact]
    public async Task Publish_ListenerTooSlow_IsToldHowManyItMissed_AndHoldsNobodyUp()
    {
        using TunnelEventSubscription slow = _events.Subscribe(_ => true, after: null);
        for (int i = 0; i < Remembered + 7; i++)
            Publish($"{i}");
        for (int i = 0; i < Remembered; i++)
            Assert.Equal($"{i}", (await NextAsync(slow)).Event.Type);
        TunnelEvent missed = (await NextAsync(slow)).Event;
        Assert.Equal((TunnelEventTypes.Missed, "7"), (missed.Type, missed.Detail));
    }

    [Fact]
    public async Task Read_Silence_IsNothing_AndLeavingEndsListening()
    {
        TunnelEventSubscription subscription = _events.Subscribe(_ => true, after: null);
        Assert.True(_events.HasListeners);
        Task<NumberedEvent?> reading = subscription.ReadAsync(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Null(await reading);
        subscription.Dispose();
        Assert.False(_events.HasListeners);
    }

    private void Publish(string type) => _events.Publish(new TunnelEvent(type, _time.GetUtcNow(), "team", "token", 10000, null, ""));

    private static async Task<NumberedEvent> NextAsync(TunnelEventSubscription subscription) =>
        await subscription.ReadAsync(Timeout.InfiniteTimeSpan, TestContext.Current.CancellationToken) ?? throw new InvalidOperationException("Nothing was told.");
}
