using System.Globalization;
using System.Threading.Channels;

namespace Rabbit.Tunneling.Events;

/// <summary>One listener's events, in order. What does not fit into its queue is counted, and told as one event.</summary>
public sealed class TunnelEventSubscription : IDisposable
{
    private const int Capacity = 1000;

    private readonly TunnelEvents _events;
    private readonly Func<TunnelEvent, bool> _wants;
    private readonly TimeProvider _time;
    private readonly Channel<NumberedEvent> _queue = Channel.CreateBounded<NumberedEvent>(new BoundedChannelOptions(Capacity) { SingleReader = true });
    private int _missed;

    internal TunnelEventSubscription(TunnelEvents events, Func<TunnelEvent, bool> wants, TimeProvider time)
    {
        _events = events;
        _wants = wants;
        _time = time;
    }

    /// <summary>The next event; null when none came within the patience, or it was cancelled.</summary>
    public async Task<NumberedEvent?> ReadAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        if (_queue.Reader.TryRead(out NumberedEvent? next))
            return next;
        if (Interlocked.Exchange(ref _missed, 0) is > 0 and var missed)
        {
            return new NumberedEvent(0, new TunnelEvent(
                TunnelEventTypes.Missed, _time.GetUtcNow(), null, null, null, null, missed.ToString(CultureInfo.InvariantCulture)));
        }
        using var timeout = new CancellationTokenSource(patience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            return await _queue.Reader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>The next event if it is there already, or null.</summary>
    public NumberedEvent? TryRead() => _queue.Reader.TryRead(out NumberedEvent? next) ? next : null;

    /// <inheritdoc/>
    public void Dispose() => _events.Unsubscribe(this);

    internal void Offer(NumberedEvent numbered)
    {
        if (_wants(numbered.Event) && !_queue.Writer.TryWrite(numbered))
            Interlocked.Increment(ref _missed);
    }

    internal void Miss(int count) => Interlocked.Add(ref _missed, count);
}
