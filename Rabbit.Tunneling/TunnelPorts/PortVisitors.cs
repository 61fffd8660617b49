using System.Net;
using Rabbit.Tunneling.State;
using Rabbit.Tunneling.Traffic;

namespace Rabbit.Tunneling.TunnelPorts;

/// <summary>
/// The visitors of one tunnel port: who is being served or waits, as the token's limits count them, and what all that there were
/// have carried.
/// </summary>
internal sealed class PortVisitors
{
    private readonly Lock _lock = new();
    private readonly HashSet<Visitor> _admitted = [];
    private readonly Dictionary<VisitorNetwork, int> _perNetwork = [];
    private int _active;
    private long _total;
    private long _bytesFromVisitors;
    private long _bytesToVisitors;
    private TrafficSample _taken;

    /// <summary>Visitors since the server started, also those that were turned away.</summary>
    public long Total => Interlocked.Read(ref _total);

    /// <summary>Visitors that are being served now.</summary>
    public int Active => Volatile.Read(ref _active);

    /// <summary>Bytes that visitors have sent.</summary>
    public long BytesFromVisitors => Interlocked.Read(ref _bytesFromVisitors);

    /// <summary>Bytes that visitors have got.</summary>
    public long BytesToVisitors => Interlocked.Read(ref _bytesToVisitors);

    /// <summary>What was carried in the last seconds.</summary>
    public TrafficRing Traffic { get; } = new();

    /// <summary>The visitors that are served or wait, the longest here first, at most so many.</summary>
    public IReadOnlyList<VisitorSnapshot> List(int most)
    {
        Visitor[] admitted;
        lock (_lock)
            admitted = [.. _admitted];
        return [.. admitted.OrderBy(visitor => visitor.Number).Take(most).Select(visitor => visitor.Snapshot())];
    }

    /// <summary>What was carried since this was called last; one caller only.</summary>
    public TrafficSample TakeCarried()
    {
        var now = new TrafficSample(BytesFromVisitors, BytesToVisitors);
        var carried = new TrafficSample(now.FromVisitors - _taken.FromVisitors, now.ToVisitors - _taken.ToVisitors);
        _taken = now;
        return carried;
    }

    /// <summary>Lets a visitor in if the rules allow it; it must then <see cref="Leave"/>, which again is the same as once.</summary>
    public Admission Enter(Visitor visitor, TunnelRules rules)
    {
        IPAddress address = visitor.Incoming.Remote.Address;
        if (!rules.AllowVisitor(address))
            return Admission.NotAllowed;
        VisitorNetwork network = VisitorNetwork.Of(address);
        lock (_lock)
        {
            if (_admitted.Contains(visitor))
                return Admission.Admitted;
            int fromThere = _perNetwork.GetValueOrDefault(network);
            if ((rules.MaxVisitors > 0 && _admitted.Count >= rules.MaxVisitors)
                || (rules.MaxVisitorsPerAddress > 0 && fromThere >= rules.MaxVisitorsPerAddress))
            {
                return Admission.TooMany;
            }
            _admitted.Add(visitor);
            _perNetwork[network] = fromThere + 1;
        }
        return Admission.Admitted;
    }

    /// <summary>A visitor has gone.</summary>
    public void Leave(Visitor visitor)
    {
        VisitorNetwork network = VisitorNetwork.Of(visitor.Incoming.Remote.Address);
        lock (_lock)
        {
            if (!_admitted.Remove(visitor))
                return;
            int left = _perNetwork[network] - 1;
            if (left == 0)
                _perNetwork.Remove(network);
            else
                _perNetwork[network] = left;
        }
    }

    /// <summary>Resets the visitors whose network is not allowed any more.</summary>
    public void Expel(TunnelRules rules)
    {
        Visitor[] unwelcome;
        lock (_lock)
            unwelcome = [.. _admitted.Where(visitor => !rules.AllowVisitor(visitor.Incoming.Remote.Address))];
        foreach (Visitor visitor in unwelcome)
            visitor.Expel();
    }

    /// <summary>Counts a visitor.</summary>
    public void Count() => Interlocked.Increment(ref _total);

    /// <summary>A visitor is being served from now on, or no longer.</summary>
    public void CountActive(bool isServed) => Interlocked.Add(ref _active, isServed ? 1 : -1);

    /// <summary>Adds what a visitor has carried since the last time.</summary>
    public void Add(long fromVisitor, long toVisitor)
    {
        Interlocked.Add(ref _bytesFromVisitors, fromVisitor);
        Interlocked.Add(ref _bytesToVisitors, toVisitor);
    }
}
