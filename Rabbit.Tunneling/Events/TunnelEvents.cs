using System.Collections.Immutable;

namespace Rabbit.Tunneling.Events;

/// <summary>
/// Tells whoever listens what happens on this server. The last events are remembered, so that a listener who was cut off goes
/// on where it was.
/// </summary>
public sealed class TunnelEvents
{
    private const int Remembered = 1000;

    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly Queue<NumberedEvent> _recent = new(Remembered);
    private ImmutableArray<TunnelEventSubscription> _listeners = [];
    private long _lastId;

    /// <param name="time">The numbers begin with its time, so that those of an earlier process are known to be old.</param>
    public TunnelEvents(TimeProvider time)
    {
        _time = time;
        _lastId = time.GetUtcNow().Subtract(DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
    }

    /// <summary>False when nobody listens: what happens often need not even be told then.</summary>
    public bool HasListeners => !_listeners.IsEmpty;

    /// <summary>Tells of something; returns at once, however slow the listeners are.</summary>
    public void Publish(TunnelEvent told)
    {
        lock (_lock)
        {
            var numbered = new NumberedEvent(++_lastId, told);
            if (_recent.Count == Remembered)
                _recent.Dequeue();
            _recent.Enqueue(numbered);
            foreach (TunnelEventSubscription listener in _listeners)
                listener.Offer(numbered);
        }
    }

    /// <summary>Begins to listen; disposing what is returned ends it.</summary>
    /// <param name="wants">Which events; called for each while it is published, so it must be quick.</param>
    /// <param name="after">The last event that the listener has had, or null for those to come.</param>
    public TunnelEventSubscription Subscribe(Func<TunnelEvent, bool> wants, long? after)
    {
        var subscription = new TunnelEventSubscription(this, wants, _time);
        lock (_lock)
        {
            if (after is { } last)
            {
                if (last > _lastId || (last != _lastId && (_recent.Count == 0 || last < _recent.Peek().Id - 1)))
                    subscription.Miss(1);
                foreach (NumberedEvent numbered in _recent.Where(numbered => numbered.Id > last))
                    subscription.Offer(numbered);
            }
            _listeners = _listeners.Add(subscription);
        }
        return subscription;
    }

    internal void Unsubscribe(TunnelEventSubscription subscription)
    {
        lock (_lock)
            _listeners = _listeners.Remove(subscription);
    }
}
