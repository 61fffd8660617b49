using System.Net;
using System.Net.Sockets;
using Rabbit.Tunneling.State;
using Rabbit.Tunneling.TunnelPorts;

namespace Rabbit.Tests.Tunneling.TunnelPorts;

/// <summary>What the counters of a port's visitors promise, counted anew each time from what happened to each visitor.</summary>
internal sealed class VisitorModel
{
    private readonly Dictionary<Visitor, (ConnectionStatus Status, long Bytes)> _recorded = [];
    private readonly HashSet<Visitor> _admitted = [];

    public int MaxVisitors { get; set; }

    public int MaxVisitorsPerAddress { get; set; }

    public long Total => _recorded.Count;

    public int Active => _recorded.Values.Count(visitor => visitor.Status == ConnectionStatus.Active);

    public long Bytes => _recorded.Values.Sum(visitor => visitor.Bytes);

    public IEnumerable<ulong> Admitted => _admitted.Select(visitor => visitor.Number).Order();

    public Admission Enter(Visitor visitor)
    {
        if (_admitted.Contains(visitor))
            return Admission.Admitted;
        if (MaxVisitors > 0 && _admitted.Count >= MaxVisitors)
            return Admission.TooMany;
        if (MaxVisitorsPerAddress > 0 && _admitted.Count(other => NetworkOf(other) == NetworkOf(visitor)) >= MaxVisitorsPerAddress)
            return Admission.TooMany;
        _admitted.Add(visitor);
        return Admission.Admitted;
    }

    public void Record(Visitor visitor, ConnectionStatus status) => _recorded[visitor] = (status, visitor.BytesAnswered);

    public void RecordProgress(Visitor visitor)
    {
        if (_recorded.TryGetValue(visitor, out var recorded) && recorded.Status == ConnectionStatus.Active)
            Record(visitor, ConnectionStatus.Active);
    }

    public void Leave(Visitor visitor) => _admitted.Remove(visitor);

    /// <summary>It has gone, also from among those that are served.</summary>
    public void End(Visitor visitor)
    {
        Leave(visitor);
        if (_recorded.TryGetValue(visitor, out var recorded) && recorded.Status == ConnectionStatus.Active)
            Record(visitor, ConnectionStatus.Error);
    }

    // As text: the first 64 bits of an IPv6 address, all of an IPv4 one.
    private static string NetworkOf(Visitor visitor)
    {
        IPAddress address = visitor.Incoming.Remote.Address;
        return address.AddressFamily == AddressFamily.InterNetworkV6 ? Convert.ToHexString(address.GetAddressBytes().AsSpan(0, 8)) : address.ToString();
    }
}
