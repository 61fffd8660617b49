using System.Net;
using Rabbit.Tunneling.Telemetry;
using Rabbit.Tunneling.TunnelPorts;

namespace Rabbit.Tunneling.ControlPort;

/// <summary>
/// Limits how many connections may be unauthenticated at once. From <see cref="DropFrom"/> on a new one costs another its place, at
/// random, and always at <see cref="DropAll"/>, as MaxStartups of OpenSSH has it (sshd_config(5)). But where that drops the newcomer,
/// here the one goes that has waited longest of the address that has the most, so that strangers who are slow keep nobody out
/// (docs/decisions/013-strangers.md). Known addresses have a budget of their own, since a burst of visitors makes a client open as many
/// data channels at once. Any thread may call.
/// </summary>
internal sealed class HandshakeAdmission(KnownAddresses known, LoginPenalties penalties, TunnelingMetrics metrics)
{
    private const int DropFrom = 100;
    private const int DropAll = 1000;
    private const double FirstDropRate = 0.3;
    private const int BudgetOfKnownAddress = 4096;

    private readonly Lock _lock = new();
    private readonly Dictionary<VisitorNetwork, LinkedList<Place>> _strangers = [];
    private readonly Dictionary<VisitorNetwork, LinkedList<Place>> _acquaintances = [];
    private int _strangerCount;
    private ulong _lastNumber;

    /// <summary>Handshakes under way.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _strangerCount + _acquaintances.Values.Sum(places => places.Count);
        }
    }

    /// <summary>A place for one handshake, to be disposed when it is over; null when there is none.</summary>
    /// <param name="address">The peer's.</param>
    /// <param name="drop">Drops the connection, should its place go to another; called from any thread.</param>
    public Place? TryEnter(IPAddress address, Action drop)
    {
        bool isStranger = !known.Contain(address);
        if (isStranger && penalties.Remaining(address) > TimeSpan.Zero)
        {
            metrics.HandshakeDropped();
            return null;
        }

        var place = new Place(this, VisitorNetwork.Of(address), isStranger, drop);
        Place? dropped;
        lock (_lock)
        {
            Add(place);
            dropped = isStranger
                ? MustDropStranger() ? LongestWaitingStranger() : null
                : _acquaintances[place.Address] is { Count: > BudgetOfKnownAddress } places ? places.First!.Value : null;
            if (dropped is not null)
                Remove(dropped);
        }
        if (dropped is not null)
        {
            metrics.HandshakeDropped();
            dropped.Drop();
        }
        return place;
    }

    private void Add(Place place)
    {
        Dictionary<VisitorNetwork, LinkedList<Place>> group = GroupOf(place);
        if (!group.TryGetValue(place.Address, out LinkedList<Place>? places))
            group[place.Address] = places = [];
        place.Number = ++_lastNumber;
        places.AddLast(place.Node);
        if (place.IsStranger)
            _strangerCount++;
    }

    // Again is the same as once.
    private void Remove(Place place)
    {
        if (place.Node.List is not { } places)
            return;
        places.Remove(place.Node);
        if (places.Count == 0)
            GroupOf(place).Remove(place.Address);
        if (place.IsStranger)
            _strangerCount--;
    }

    private void Leave(Place place)
    {
        lock (_lock)
            Remove(place);
    }

    private Dictionary<VisitorNetwork, LinkedList<Place>> GroupOf(Place place) => place.IsStranger ? _strangers : _acquaintances;

    private bool MustDropStranger()
    {
        if (_strangerCount <= DropFrom)
            return false;
        double full = (double)(_strangerCount - DropFrom) / (DropAll - DropFrom);
        return _strangerCount > DropAll || Random.Shared.NextDouble() < FirstDropRate + ((1 - FirstDropRate) * full);
    }

    // Of the address that has the most; of several that have as many, the one that was here first.
    private Place LongestWaitingStranger()
    {
        LinkedList<Place>? most = null;
        foreach (LinkedList<Place> places in _strangers.Values)
        {
            if (most is null || places.Count > most.Count || (places.Count == most.Count && places.First!.Value.Number < most.First!.Value.Number))
                most = places;
        }
        return most!.First!.Value;
    }

    /// <summary>One handshake under way.</summary>
    internal sealed class Place : IDisposable
    {
        private readonly HandshakeAdmission _admission;
        private readonly Action _drop;

        internal Place(HandshakeAdmission admission, VisitorNetwork address, bool isStranger, Action drop)
        {
            _admission = admission;
            _drop = drop;
            Address = address;
            IsStranger = isStranger;
            Node = new LinkedListNode<Place>(this);
        }

        /// <summary>True when no client has logged in from its address.</summary>
        public bool IsStranger { get; }

        /// <summary>True once it went to another.</summary>
        public bool IsDropped { get; private set; }

        internal VisitorNetwork Address { get; }

        internal LinkedListNode<Place> Node { get; }

        /// <summary>Grows with the time of arrival.</summary>
        internal ulong Number { get; set; }

        /// <inheritdoc/>
        public void Dispose() => _admission.Leave(this);

        internal void Drop()
        {
            IsDropped = true;
            _drop();
        }
    }
}
