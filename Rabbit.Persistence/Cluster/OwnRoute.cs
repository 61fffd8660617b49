using Rabbit.Tunneling.Cluster;

namespace Rabbit.Persistence.Cluster;

/// <summary>A tunnel that this node owns, from the end of its claim to its release.</summary>
internal sealed class OwnRoute(string tokenId, long epoch, long previousEpoch, string lease)
{
    private long _confirmedUntil;
    private long _checkedUntil;
    private volatile bool _isLost;

    /// <summary>The token.</summary>
    public string TokenId => tokenId;

    /// <summary>The epoch that was claimed.</summary>
    public long Epoch => epoch;

    /// <summary>The epoch that this node had before: its session serves until there is one of this epoch. 0 once there is.</summary>
    public long PreviousEpoch { get; private set; } = previousEpoch;

    /// <summary>What stands in Redis under the route's key.</summary>
    public string Lease { get; private set; } = lease;

    /// <summary>The route, once its session is there.</summary>
    public TunnelRoute? Served { get; private set; }

    /// <summary>True when the other nodes can know of <see cref="Served"/>.</summary>
    public bool IsTold { get; set; }

    /// <summary>True when another node has a later epoch.</summary>
    public bool IsLost => _isLost;

    /// <summary>The question whether it is still the owner, while it is under way.</summary>
    public Task<bool>? Asking { get; set; }

    /// <summary>The time until which Redis' word holds, or the database's in its stead, by the process's clock.</summary>
    public long ConfirmedUntil => Volatile.Read(ref _confirmedUntil);

    /// <summary>The time until which the database's word holds that there is no later epoch: of one that was claimed without Redis, Redis knows nothing.</summary>
    public long CheckedUntil => Volatile.Read(ref _checkedUntil);

    /// <summary>Its session is there.</summary>
    public void Serve(TunnelRoute route)
    {
        Lease = RouteJson.Write(route);
        Served = route;
        PreviousEpoch = 0;
    }

    /// <summary>It is the owner until then, at the least.</summary>
    public void Confirm(long until) => Extend(ref _confirmedUntil, until);

    /// <summary>The database knows no later epoch, or does not answer; asked so long ago that this holds until then.</summary>
    public void Check(long until) => Extend(ref _checkedUntil, until);

    /// <summary>Another node is said to want it: to be asked before the next visitor.</summary>
    public void Doubt() => Volatile.Write(ref _confirmedUntil, 0);

    /// <summary>Another node has it.</summary>
    public void Lose() => _isLost = true;

    private static void Extend(ref long time, long until)
    {
        for (long seen = Volatile.Read(ref time); until > seen;)
        {
            long was = Interlocked.CompareExchange(ref time, until, seen);
            if (was == seen)
                return;
            seen = was;
        }
    }
}
