using Microsoft.Extensions.Options;

namespace Rabbit.Tunneling.Sessions;

/// <summary>
/// How long a process that ends has: streams get a limit, after which they are reset, and everything else two seconds more. Who has handed
/// its ports to a successor has more time, as nobody waits for it.
/// </summary>
public sealed class Departure(IOptions<TunnelingOptions> options, TimeProvider time) : IDisposable
{
    // Of the two seconds: the resets, then what is still to be written down, then the end of the program.
    private static readonly TimeSpan BeforeGivingUp = TimeSpan.FromSeconds(0.8);
    private static readonly TimeSpan BeforeTheEnd = TimeSpan.FromSeconds(1.8);

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _streamsEnd = new(Timeout.InfiniteTimeSpan, time);
    private readonly CancellationTokenSource _giveUp = new(Timeout.InfiniteTimeSpan, time);

    /// <summary>Told of the time after which the process must have ended, at the beginning and when it changes; it must not wait.</summary>
    public event Action<TimeSpan>? EndsWithin;

    /// <summary>True when a successor has the ports.</summary>
    public bool IsHandedOver { get; private set; }

    /// <summary>True once the process is ending.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Cancelled when streams have had their time.</summary>
    public CancellationToken StreamsEnd => _streamsEnd.Token;

    /// <summary>Cancelled when whoever still has something to write down must leave it.</summary>
    public CancellationToken GiveUp => _giveUp.Token;

    /// <summary>The process ends, for which it is given <see cref="TunnelingOptions.DrainLimit"/>; also when it was ending with more time.</summary>
    public void Begin() => Set(options.Value.DrainLimit);

    /// <summary>A successor has the ports: the process ends when its streams have ended, or <see cref="TunnelingOptions.LingerLimit"/> is over.</summary>
    public void BeginHandedOver()
    {
        IsHandedOver = true;
        Set(options.Value.LingerLimit);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _streamsEnd.Dispose();
        _giveUp.Dispose();
    }

    private void Set(TimeSpan limit)
    {
        lock (_lock)
        {
            HasBegun = true;
            _streamsEnd.CancelAfter(limit);
            _giveUp.CancelAfter(limit + BeforeGivingUp);
        }
        EndsWithin?.Invoke(limit + BeforeTheEnd);
    }
}
