using System.Collections.Concurrent;
using Rabbit.Tunneling.Cluster;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.Cluster;

/// <summary>
/// Makes this node the owner of tunnels: an epoch from the database, the route from Redis, and then patience until whoever served before does
/// so no more. Any thread may call.
/// </summary>
internal sealed class Claims
{
    // For clocks that do not run alike: a ten-thousandth of the lease, and what a timer may be early by.
    private static readonly TimeSpan Margin = TimeSpan.FromMilliseconds(20);

    private readonly ConcurrentDictionary<string, Attempt> _attempts = new(StringComparer.Ordinal);
    private readonly RouteStore _routes;
    private readonly EpochStore _epochs;
    private readonly KnownRoutes _known;
    private readonly Ownership _ownership;
    private readonly ClusterMetrics _metrics;
    private readonly TimeProvider _time;

    public Claims(RouteStore routes, EpochStore epochs, KnownRoutes known, Ownership ownership, ClusterMetrics metrics, TimeProvider time)
    {
        _routes = routes;
        _epochs = epochs;
        _known = known;
        _ownership = ownership;
        _metrics = metrics;
        _time = time;
        ownership.Claiming = tokenId => _attempts.TryGetValue(tokenId, out Attempt? attempt) ? attempt.Epoch : 0;
    }

    /// <inheritdoc cref="ITunnelDirectory.ClaimAsync"/>
    /// <param name="token">The token.</param>
    /// <param name="lastSessionId">The session that the client had before, or empty.</param>
    /// <param name="self">This node.</param>
    /// <param name="cancellationToken">The handshake's deadline.</param>
    public async ValueTask<Claim> ClaimAsync(TokenRecord token, Guid lastSessionId, ClusterNode self, CancellationToken cancellationToken)
    {
        long started = _time.GetTimestamp();
        ClaimOutcome outcome = ClaimOutcome.Failed;
        try
        {
            (Claim claim, outcome) = await RunAsync(token, lastSessionId, self, cancellationToken);
            return claim;
        }
        finally
        {
            _metrics.Claimed(outcome, _time.GetElapsedTime(started));
        }
    }

    /// <summary>A node has told something of a token that may be claimed here.</summary>
    public void Hear(in RouteHint hint)
    {
        if (!_attempts.TryGetValue(hint.TokenId, out Attempt? attempt))
            return;
        if (hint.Kind == RouteHintKind.Gone)
            attempt.IsGone(hint.Epoch);
        else if (hint.Epoch > attempt.Epoch)
            attempt.Wake();
    }

    private async Task<(Claim Claim, ClaimOutcome Outcome)> RunAsync(TokenRecord token, Guid lastSessionId, ClusterNode self, CancellationToken cancellationToken)
    {
        // The database may be behind the nodes, when it was restored from a copy.
        long least = Math.Max(token.LastEpoch, Math.Max(_ownership.EpochOf(token.TokenId), _known.FindAny(token.TokenId)?.Epoch ?? 0));
        long sent = _time.GetTimestamp();
        if (await _epochs.RaiseAsync(token.TokenId, least, cancellationToken) is not { Epoch: var epoch } raised)
            return (new Claim(0, Superseded: true), ClaimOutcome.Failed);

        var attempt = new Attempt(token.TokenId, epoch, RouteJson.Write(
            new TunnelRoute(token.TokenId, token.Port, epoch, lastSessionId, self.Name, self.Run, TakesChannelsElsewhere: false), isClaim: true));
        Attempt current = _attempts.AddOrUpdate(token.TokenId, _ => attempt, (_, other) => other.Epoch > epoch ? other : attempt);
        if (current != attempt)
            return (new Claim(epoch, Superseded: true), ClaimOutcome.Superseded);
        bool isWon = false;
        try
        {
            var (outcome, confirmedUntil) = await TakeAsync(attempt, raised, lastSessionId, self, cancellationToken);
            isWon = outcome is not ClaimOutcome.Superseded && _attempts.GetValueOrDefault(token.TokenId) == attempt
                && _ownership.TryAdd(token.TokenId, epoch, attempt.Lease, confirmedUntil, sent + Ticks(RouteStore.Lease));
            return isWon ? (new Claim(epoch, Superseded: false), outcome) : (new Claim(epoch, Superseded: true), ClaimOutcome.Superseded);
        }
        finally
        {
            _attempts.TryRemove(new KeyValuePair<string, Attempt>(token.TokenId, attempt));
            if (!isWon)
                _ownership.GiveBack(token.TokenId, epoch, attempt.Lease, attempt.IsClear);
        }
    }

    // Who served before is out of the way when that is proved of exactly the epoch before this one: of an earlier one it would say nothing of
    // a claim in between. Where nothing proves it the claim waits for as long as anybody can have been confirmed (docs/clustering.md, "The model").
    private async Task<(ClaimOutcome Outcome, long ConfirmedUntil)> TakeAsync(
        Attempt attempt, RaisedEpoch raised, Guid lastSessionId, ClusterNode self, CancellationToken cancellationToken)
    {
        long before = attempt.Epoch - 1, sent = _time.GetTimestamp(), confirmedUntil;
        attempt.IsClear = before == 0
            || (raised.SessionEpoch == before && (raised.IsConnected == false || raised.Node == self.Name || IsOfClient(raised.SessionId)));
        try
        {
            var (isTaken, fence, letGo) = await _routes.TakeAsync(attempt.TokenId, attempt.Epoch, attempt.Lease, serves: false);
            if (!isTaken)
                return (ClaimOutcome.Superseded, 0);
            confirmedUntil = sent + Ticks(RouteStore.Lease);
            attempt.IsClear |= letGo == before || IsOutOfTheWay(fence);
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            confirmedUntil = sent + Ticks(Ownership.DatabaseLease);
            attempt.IsClear |= IsOutOfTheWay(_known.FindAny(attempt.TokenId));
        }
        if (attempt.IsClear)
            return (ClaimOutcome.Free, confirmedUntil);

        ClaimOutcome outcome = await attempt.WaitForAsync(before, RouteStore.Lease + Margin, _time, cancellationToken) ? ClaimOutcome.Yielded : ClaimOutcome.Expired;
        attempt.IsClear |= outcome == ClaimOutcome.Expired;
        if (!attempt.IsClear)
            return (ClaimOutcome.Superseded, 0); // It was woken by a later claim.
        try
        {
            sent = _time.GetTimestamp();
            long[] renewed = await _routes.RenewAsync([(attempt.TokenId, attempt.Epoch, attempt.Lease)]);
            return renewed[0] < 0 ? (ClaimOutcome.Superseded, 0) : (outcome, renewed[0] == 0 ? 0 : sent + Ticks(RouteStore.Lease));
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            return (outcome, 0); // The database is asked before the first visitor.
        }

        // A client that is back has left its session, and of this node's own sessions the tunnel itself sees that one serves.
        bool IsOutOfTheWay(TunnelRoute? route) => route?.Epoch == before && (route.Run == self.Run || IsOfClient(route.SessionId));

        bool IsOfClient(Guid? session) => lastSessionId != Guid.Empty && session == lastSessionId;
    }

    private long Ticks(TimeSpan span) => (long)(span.TotalSeconds * _time.TimestampFrequency);

    /// <summary>A claim under way.</summary>
    private sealed class Attempt(string tokenId, long epoch, string lease)
    {
        private readonly Lock _lock = new();
        private readonly TaskCompletionSource _woken = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly HashSet<long> _gone = [];
        private long _awaited;

        public string TokenId => tokenId;

        public long Epoch => epoch;

        public string Lease => lease;

        /// <summary>True when nobody of an earlier epoch serves any more.</summary>
        public bool IsClear { get; set; }

        /// <summary>Who had this epoch serves no more; it may be heard before it is known that it is waited for.</summary>
        public void IsGone(long goneEpoch)
        {
            lock (_lock)
            {
                _gone.Add(goneEpoch);
                if (goneEpoch == _awaited)
                    SetClear();
            }
        }

        /// <summary>There is nothing to wait for any more.</summary>
        public void Wake() => _woken.TrySetResult();

        /// <summary>Waits until the session of that epoch serves no more; true when that was told, false when the time is over.</summary>
        public async Task<bool> WaitForAsync(long awaited, TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
        {
            lock (_lock)
            {
                _awaited = awaited;
                if (_gone.Contains(awaited))
                    SetClear();
            }
            try
            {
                await _woken.Task.WaitAsync(limit, time, cancellationToken);
                return true;
            }
            catch (TimeoutException)
            {
                return false;
            }
        }

        private void SetClear()
        {
            IsClear = true;
            Wake();
        }
    }
}
