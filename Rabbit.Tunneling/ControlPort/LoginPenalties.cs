using System.Net;
using Microsoft.Extensions.Options;
using Rabbit.Tunneling.TunnelPorts;

namespace Rabbit.Tunneling.ControlPort;

/// <summary>
/// Keeps addresses out whose logins fail again and again, as PerSourcePenalties of OpenSSH does (sshd_config(5)): each failure adds
/// seconds; what has come to more than <see cref="Tolerated"/> keeps the address out until it has run off, <see cref="Longest"/> at most.
/// An address is an IPv4 one, or an IPv6 network of 64 bits. Any thread may call.
/// </summary>
internal sealed class LoginPenalties(IOptions<TunnelingOptions> options, TimeProvider time)
{
    /// <summary>For a wrong token.</summary>
    public static readonly TimeSpan WrongToken = TimeSpan.FromSeconds(5);

    /// <summary>For a connection that did not log in within the handshake's time.</summary>
    public static readonly TimeSpan TooSlow = TimeSpan.FromSeconds(10);

    /// <summary>For what is no login: a broken message, another protocol.</summary>
    public static readonly TimeSpan NoLogin = TimeSpan.FromSeconds(1);

    /// <summary>This much has no consequences.</summary>
    public static readonly TimeSpan Tolerated = TimeSpan.FromSeconds(15);

    /// <summary>The longest time that an address is kept out.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    /// <summary>Addresses that are remembered; of more, those that would be forgotten first are forgotten.</summary>
    public const int MostAddresses = 65_536;

    private static readonly Comparer<(long EndsAt, VisitorNetwork Address)> SoonestFirst = Comparer<(long EndsAt, VisitorNetwork Address)>.Create(
        static (a, b) => (a.EndsAt, a.Address.IsV6, a.Address.Prefix).CompareTo((b.EndsAt, b.Address.IsV6, b.Address.Prefix)));

    private readonly IPNetwork[] _exempt = NetworkText.TryReadList(options.Value.PenaltyExempt, out IPNetwork[] exempt) ? exempt : [];
    private readonly Lock _lock = new();
    private readonly Dictionary<VisitorNetwork, Penalty> _penalties = [];
    private readonly SortedSet<(long EndsAt, VisitorNetwork Address)> _byEnd = new(SoonestFirst);

    /// <summary>Addresses with a penalty, also those that are not kept out yet.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _penalties.Count;
        }
    }

    /// <summary>Adds to an address's penalty; true when this is what keeps it out from now on.</summary>
    public bool Add(IPAddress address, TimeSpan penalty)
    {
        if (_exempt.Contain(address))
            return false;
        var network = VisitorNetwork.Of(address);
        long now = time.GetTimestamp();
        lock (_lock)
        {
            ForgetPast(now);
            Penalty old = _penalties.GetValueOrDefault(network, new Penalty(now, KeepsOut: false));
            if (!_byEnd.Remove((old.EndsAt, network)) && _penalties.Count == MostAddresses)
                Forget(_byEnd.Min);
            long endsAt = Math.Min(old.EndsAt + Ticks(penalty), now + Ticks(Longest));
            var added = new Penalty(endsAt, old.KeepsOut || endsAt - now > Ticks(Tolerated));
            _penalties[network] = added;
            _byEnd.Add((endsAt, network));
            return added.KeepsOut && !old.KeepsOut;
        }
    }

    /// <summary>How long the address is still kept out; zero when it is not.</summary>
    public TimeSpan Remaining(IPAddress address)
    {
        lock (_lock)
        {
            if (!_penalties.TryGetValue(VisitorNetwork.Of(address), out Penalty penalty) || !penalty.KeepsOut)
                return TimeSpan.Zero;
            long now = time.GetTimestamp();
            return penalty.EndsAt > now ? time.GetElapsedTime(now, penalty.EndsAt) : TimeSpan.Zero;
        }
    }

    private long Ticks(TimeSpan span) => (long)(span.TotalSeconds * time.TimestampFrequency);

    private void ForgetPast(long now)
    {
        while (_byEnd.Count > 0 && _byEnd.Min.EndsAt <= now)
            Forget(_byEnd.Min);
    }

    private void Forget((long EndsAt, VisitorNetwork Address) penalty)
    {
        _byEnd.Remove(penalty);
        _penalties.Remove(penalty.Address);
    }

    private readonly record struct Penalty(long EndsAt, bool KeepsOut);
}
