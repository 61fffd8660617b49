using System.Collections.Concurrent;
using Rabbit.Tunneling.Cluster;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.Cluster;

/// <summary>
/// The tunnels that this node owns: keeps their leases, tells the other nodes of them, and says of each whether it may serve a visitor now.
/// Any thread may call.
/// </summary>
internal sealed class Ownership(
    RouteStore routes, EpochStore epochs, KnownRoutes known, ChangedTokens changed, ClusterMetrics metrics, TimeProvider time)
{
    /// <summary>For how long a node serves that was confirmed by the database alone, which tells it nothing by itself.</summary>
    public static readonly TimeSpan DatabaseLease = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan RenewBefore = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan DatabasePatience = TimeSpan.FromSeconds(1.5);

    private readonly ConcurrentDictionary<string, OwnRoute> _own = new(StringComparer.Ordinal);

    // What Redis is still to be told of: for each token the last route that was let go of here.
    private readonly ConcurrentDictionary<string, ReleasedRoute> _released = new(StringComparer.Ordinal);
    private readonly ChangedTokens _untold = new();

    /// <summary>True while Redis does not answer: it is not asked for a visitor's sake.</summary>
    public bool RedisIsAway { get; set; }

    /// <summary>Tunnels that are this node's.</summary>
    public int Count => _own.Count;

    /// <summary>Tokens of which Redis is to be told; for <see cref="TellAsync"/>.</summary>
    public ChangedTokens Untold => _untold;

    /// <summary>Which of a claim's epochs is being claimed here, so that it is no other's; 0 for none. Set by who claims.</summary>
    public Func<string, long> Claiming { get; set; } = _ => 0;

    /// <summary>The epoch that this node has of a token; 0 for none.</summary>
    public long EpochOf(string tokenId) => _own.TryGetValue(tokenId, out OwnRoute? own) ? own.Epoch : 0;

    /// <summary>A claim has been won: false when a later one was won here meanwhile.</summary>
    public bool TryAdd(string tokenId, long epoch, string lease, long confirmedUntil, long checkedUntil)
    {
        OwnRoute added = _own.AddOrUpdate(
            tokenId, _ => new OwnRoute(tokenId, epoch, 0, lease),
            (_, before) => before.Epoch >= epoch ? before : new OwnRoute(tokenId, epoch, before.Served is null ? before.PreviousEpoch : before.Epoch, lease));
        if (added.Epoch != epoch)
            return false;
        added.Confirm(confirmedUntil);
        added.Check(checkedUntil);
        _released.TryRemove(tokenId, out _);
        return true;
    }

    /// <inheritdoc cref="ITunnelDirectory.Publish"/>
    public void Publish(TunnelRoute route)
    {
        OwnRoute own = _own.AddOrUpdate(
            route.TokenId, _ => new OwnRoute(route.TokenId, route.Epoch, 0, ""),
            (_, before) => before.Epoch >= route.Epoch ? before : new OwnRoute(route.TokenId, route.Epoch, 0, ""));
        if (own.Epoch != route.Epoch)
            return;
        own.Serve(route);
        known.Add(route);
        _untold.Add(route.TokenId);
    }

    /// <inheritdoc cref="ITunnelDirectory.Release"/>
    public void Release(string tokenId, long epoch)
    {
        if (!_own.TryGetValue(tokenId, out OwnRoute? own) || own.Epoch != epoch || !_own.TryRemove(new KeyValuePair<string, OwnRoute>(tokenId, own)))
            return;
        known.Remove(tokenId, epoch);
        _released[tokenId] = new ReleasedRoute(tokenId, epoch, own.Lease, IsOver: true);
        _untold.Add(tokenId);
    }

    /// <summary>A claim came to nothing: the route, if Redis has it, is another's again.</summary>
    /// <param name="tokenId">The token.</param>
    /// <param name="epoch">The epoch that was claimed.</param>
    /// <param name="lease">The claim's lease.</param>
    /// <param name="isOver">True when nobody before it serves any more.</param>
    public void GiveBack(string tokenId, long epoch, string lease, bool isOver)
    {
        if (EpochOf(tokenId) > epoch)
            return;
        _released[tokenId] = new ReleasedRoute(tokenId, epoch, lease, isOver);
        _untold.Add(tokenId);
    }

    /// <summary>Redis has this as a route of ours, which it is not any more.</summary>
    public void ReleaseLeft(TunnelRoute route)
    {
        if (EpochOf(route.TokenId) == 0 && Claiming(route.TokenId) == 0 && _released.TryAdd(route.TokenId, new ReleasedRoute(route.TokenId, route.Epoch, RouteJson.Write(route), IsOver: true)))
            _untold.Add(route.TokenId);
    }

    /// <inheritdoc cref="ITunnelDirectory.ConfirmAsync"/>
    public ValueTask<bool> ConfirmAsync(string tokenId, long epoch)
    {
        if (!_own.TryGetValue(tokenId, out OwnRoute? own) || (own.Epoch != epoch && own.PreviousEpoch != epoch) || own.IsLost)
            return ValueTask.FromResult(false);
        long now = time.GetTimestamp();
        return now < own.ConfirmedUntil && now < own.CheckedUntil ? ValueTask.FromResult(true) : new ValueTask<bool>(AskAsync(own));
    }

    /// <summary>Another node says that it wants this tunnel: Redis is asked before the next visitor.</summary>
    public void Doubt(string tokenId, long epoch)
    {
        if (!_own.TryGetValue(tokenId, out OwnRoute? own) || own.Epoch >= epoch || epoch == Claiming(tokenId))
            return;
        own.Doubt();
        changed.Add(tokenId);
    }

    /// <summary>Tells Redis of these tokens' routes: what this node serves, and what it has let go of. What fails is told later.</summary>
    public async Task TellAsync(IReadOnlyCollection<string> tokens)
    {
        try
        {
            ReleasedRoute[] released = [.. tokens.Where(_released.ContainsKey).Select(tokenId => _released[tokenId])];
            foreach (ReleasedRoute[] batch in released.Chunk(RouteStore.BatchSize))
            {
                await routes.ReleaseAsync(batch);
                foreach (ReleasedRoute one in batch)
                    _released.TryRemove(new(one.TokenId, one));
            }
            await Task.WhenAll(tokens.Select(tokenId => _own.TryGetValue(tokenId, out OwnRoute? own) && own.Served is not null && !own.IsTold
                ? TakeAsync(own) : Task.CompletedTask));
        }
        catch
        {
            foreach (string tokenId in tokens)
                _untold.Add(tokenId);
            throw;
        }
    }

    /// <summary>Renews every lease. Where one is not there any more, the database says whose the tunnel is.</summary>
    public async Task RenewAsync()
    {
        foreach (OwnRoute[] batch in _own.Values.Where(own => !own.IsLost).Chunk(RouteStore.BatchSize))
            await RenewAsync(batch);
    }

    /// <summary>Redis is away: the database says which tunnels are still this node's. Where it is away too, all are, as on a lone server.</summary>
    public async Task ConfirmByDatabaseAsync(CancellationToken cancellationToken)
    {
        long asked = time.GetTimestamp();
        OwnRoute[] due = [.. _own.Values.Where(own => !own.IsLost && time.GetElapsedTime(asked, own.ConfirmedUntil) < RenewBefore)];
        if (due.Length > 0)
            await AskDatabaseAsync(due, asked, cancellationToken);
    }

    /// <summary>
    /// A node without Redis may have claimed a tunnel by the database alone: that one is lost, whatever Redis says. Where the database does not
    /// answer nobody claims anything, and Redis alone counts.
    /// </summary>
    public async Task CheckByDatabaseAsync(CancellationToken cancellationToken)
    {
        OwnRoute[] own = [.. _own.Values.Where(own => !own.IsLost)];
        if (own.Length == 0)
            return;
        long sent = time.GetTimestamp();
        try
        {
            Dictionary<string, long> last = await epochs.FindAsync([.. own.Select(one => one.TokenId)], cancellationToken).WaitAsync(DatabasePatience, time, cancellationToken);
            foreach (OwnRoute one in own)
            {
                if (!LoseIfLater(one, last))
                    one.Check(After(sent, RouteStore.Lease));
            }
        }
        catch (Exception e) when (e is StoreUnavailableException or TimeoutException)
        {
            foreach (OwnRoute one in own)
                one.Check(After(time.GetTimestamp(), RouteStore.Lease));
        }
    }

    private async Task RenewAsync(OwnRoute[] batch)
    {
        long sent = time.GetTimestamp();
        (string, long, string)[] leases = [.. batch.Select(own => (own.TokenId, own.Epoch, own.Lease))];
        long[] results = await routes.RenewAsync(leases);
        var absent = new List<OwnRoute>();
        foreach (var (own, result) in batch.Zip(results))
        {
            if (result == 0)
                absent.Add(own);
            else if (result == 1 || -result == Claiming(own.TokenId))
                own.Confirm(After(sent, RouteStore.Lease));
            else
                Lose(own);
        }
        if (absent.Count == 0)
            return;
        // Redis has lost its data, or this process has stood still: then somebody may have come and gone.
        await AskDatabaseAsync(absent, sent, CancellationToken.None);
        await Task.WhenAll(absent.Where(own => !own.IsLost).Select(TakeAsync));
    }

    private async Task TakeAsync(OwnRoute own)
    {
        long sent = time.GetTimestamp();
        string lease = own.Lease;
        bool serves = own.Served is not null;
        var (isTaken, _, _) = await routes.TakeAsync(own.TokenId, own.Epoch, lease, serves);
        if (!isTaken)
        {
            Lose(own);
            return;
        }
        own.Confirm(After(sent, RouteStore.Lease));
        if (serves && lease == own.Lease)
            own.IsTold = true;
        // Let go of meanwhile: what was just taken is to be given back.
        if (EpochOf(own.TokenId) != own.Epoch && _released.TryAdd(own.TokenId, new ReleasedRoute(own.TokenId, own.Epoch, lease, IsOver: true)))
            _untold.Add(own.TokenId);
    }

    private Task<bool> AskAsync(OwnRoute own)
    {
        lock (own)
        {
            if (own.Asking is null or { IsCompleted: true })
                own.Asking = AskOnceAsync(own);
            return own.Asking;
        }
    }

    private async Task<bool> AskOnceAsync(OwnRoute own)
    {
        if (!RedisIsAway)
        {
            try
            {
                await RenewAsync([own]);
                metrics.Asked(ConfirmationSource.Redis);
                if (own.IsLost || time.GetTimestamp() < own.CheckedUntil)
                    return !own.IsLost;
            }
            catch (Exception)
            {
                // Whatever keeps Redis from answering: the database does.
            }
        }
        await AskDatabaseAsync([own], time.GetTimestamp(), CancellationToken.None);
        return !own.IsLost;
    }

    private async Task AskDatabaseAsync(IReadOnlyCollection<OwnRoute> asked, long sent, CancellationToken cancellationToken)
    {
        Dictionary<string, long> last;
        try
        {
            last = await epochs.FindAsync([.. asked.Select(own => own.TokenId)], cancellationToken).WaitAsync(DatabasePatience, time, cancellationToken);
            metrics.Asked(ConfirmationSource.Database);
        }
        catch (Exception e) when (e is StoreUnavailableException or TimeoutException)
        {
            metrics.Asked(ConfirmationSource.Nobody);
            foreach (OwnRoute own in asked)
            {
                own.Confirm(After(time.GetTimestamp(), DatabaseLease));
                own.Check(own.ConfirmedUntil);
            }
            return;
        }
        foreach (OwnRoute own in asked)
        {
            if (LoseIfLater(own, last))
                continue;
            own.Confirm(After(sent, DatabaseLease));
            own.Check(After(sent, RouteStore.Lease));
        }
    }

    private bool LoseIfLater(OwnRoute own, Dictionary<string, long> last)
    {
        // A token that is gone is the revocations' matter.
        long epoch = last.GetValueOrDefault(own.TokenId);
        if (epoch <= own.Epoch || epoch == Claiming(own.TokenId))
            return false;
        Lose(own);
        return true;
    }

    private void Lose(OwnRoute own)
    {
        if (own.IsLost)
            return;
        own.Lose();
        metrics.Lost();
        changed.Add(own.TokenId);
    }

    private long After(long timestamp, TimeSpan span) => timestamp + (long)(span.TotalSeconds * time.TimestampFrequency);
}
