using System.Collections.Concurrent;
using System.Net;
using Rabbit.Tunneling.Telemetry;

namespace Rabbit.Tunneling.ControlPort;

/// <summary>
/// Limits how many connections may be unauthenticated at once, as OpenSSH's MaxStartups does: from
/// <see cref="DropFrom"/> on, new ones are dropped at random, all of them at <see cref="DropAll"/>. An address that holds an
/// authenticated session has a budget of its own, since a burst of visitors makes its client open as many data channels.
/// </summary>
internal sealed class HandshakeAdmission(TunnelingMetrics metrics)
{
    private const int DropFrom = 100;
    private const int DropAll = 1000;
    private const double FirstDropRate = 0.3;
    private const int BudgetOfKnownAddress = 4096;

    private readonly ConcurrentDictionary<IPAddress, KnownAddress> _known = new();
    private int _strangers;

    /// <summary>Handshakes under way.</summary>
    public int Count => Volatile.Read(ref _strangers) + _known.Values.Sum(known => Volatile.Read(ref known.Handshakes));

    /// <summary>A place for one handshake, to be disposed when it is over; null when there is none.</summary>
    public Place? TryEnter(IPAddress address)
    {
        if (_known.TryGetValue(address, out KnownAddress? known))
        {
            if (Interlocked.Increment(ref known.Handshakes) <= BudgetOfKnownAddress)
                return new Place(this, known);
            Interlocked.Decrement(ref known.Handshakes);
            metrics.HandshakeDropped();
            return null;
        }

        int strangers = Interlocked.Increment(ref _strangers);
        if (strangers > DropFrom)
        {
            double full = (double)(strangers - DropFrom) / (DropAll - DropFrom);
            if (strangers > DropAll || Random.Shared.NextDouble() < FirstDropRate + ((1 - FirstDropRate) * full))
            {
                Interlocked.Decrement(ref _strangers);
                metrics.HandshakeDropped();
                return null;
            }
        }
        return new Place(this, null);
    }

    /// <summary>A session from this address has authenticated; dispose the result when it ends.</summary>
    public IDisposable Authenticated(IPAddress address)
    {
        while (true)
        {
            KnownAddress known = _known.GetOrAdd(address, static key => new KnownAddress(key));
            lock (known)
            {
                if (known.Sessions < 0)
                    continue; // Removed between the look-up and the lock.
                known.Sessions++;
                return new Budget(this, known);
            }
        }
    }

    private void SessionEnded(KnownAddress known)
    {
        lock (known)
        {
            if (--known.Sessions > 0)
                return;
            known.Sessions = -1;
            _known.TryRemove(new KeyValuePair<IPAddress, KnownAddress>(known.Address, known));
        }
    }

    /// <summary>One handshake under way.</summary>
    internal sealed class Place(HandshakeAdmission admission, KnownAddress? known) : IDisposable
    {
        private int _left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) != 0)
                return;
            if (known is null)
                Interlocked.Decrement(ref admission._strangers);
            else
                Interlocked.Decrement(ref known.Handshakes);
        }
    }

    internal sealed class KnownAddress(IPAddress address)
    {
        public int Handshakes;

        public IPAddress Address => address;

        public int Sessions { get; set; }
    }

    private sealed class Budget(HandshakeAdmission admission, KnownAddress known) : IDisposable
    {
        private int _ended;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _ended, 1) == 0)
                admission.SessionEnded(known);
        }
    }
}
