using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Rabbit.Tunneling.Cluster;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.Cluster;

/// <summary>
/// The directory of a cluster: epochs in PostgreSQL, leases and hints in Redis. It keeps this node's leases, hears of the others', and
/// survives both being away: then every node goes on with what it has.
/// </summary>
internal sealed partial class SharedDirectory : BackgroundService, ITunnelDirectory
{
    private static readonly TimeSpan Interval = RouteStore.Lease / 3;
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan DatabaseInterval = TimeSpan.FromSeconds(1.5);
    private static readonly TimeSpan DatabaseIntervalAway = TimeSpan.FromSeconds(0.75);
    private static readonly TimeSpan TellRetry = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan LeaveLimit = TimeSpan.FromSeconds(0.5);
    private const int RoundsBetweenSweeps = 6;

    private readonly RouteStore _store;
    private readonly KnownRoutes _known;
    private readonly Ownership _ownership;
    private readonly Claims _claims;
    private readonly ClusterMetrics _metrics;
    private readonly NodeState _node;
    private readonly TimeProvider _time;
    private readonly ILogger<SharedDirectory> _logger;
    private readonly RunFile _runFile;
    private readonly ChangedTokens _changed = new();
    private readonly SemaphoreSlim _hurry = new(0, 1);
    private ClusterNode? _self;
    private Guid _endedRun;
    private long _trustedFrom;
    private bool _isAway;
    private bool _isReadAgain = true;
    private bool _isNameTaken;
    private volatile bool _isSuccessor;
    private volatile bool _hasLeft;
    private int _rounds;

    public SharedDirectory(
        RouteStore store, EpochStore epochs, ClusterMetrics metrics, NodeState node, IOptions<PersistenceOptions> options, TimeProvider time,
        ILogger<SharedDirectory> logger)
    {
        _store = store;
        _metrics = metrics;
        _node = node;
        _time = time;
        _logger = logger;
        _runFile = new RunFile(options.Value.Data);
        _known = new KnownRoutes(node.Run, _changed);
        _ownership = new Ownership(store, epochs, _known, _changed, metrics, time);
        _claims = new Claims(store, epochs, _known, _ownership, metrics, time);
    }

    /// <inheritdoc/>
    public bool IsShared => true;

    /// <inheritdoc/>
    public ClusterNode Self => Volatile.Read(ref _self) ?? Describe();

    /// <inheritdoc/>
    public IReadOnlyCollection<ClusterNode> Nodes => _known.Nodes;

    /// <inheritdoc/>
    public IReadOnlyCollection<TunnelRoute> Routes => _known.Routes;

    /// <inheritdoc/>
    public ChannelReader<string> Changed => _changed;

    /// <inheritdoc/>
    public TunnelRoute? Find(string tokenId) => _known.Find(tokenId);

    /// <inheritdoc/>
    public ValueTask<Claim> ClaimAsync(TokenRecord token, Guid lastSessionId, CancellationToken cancellationToken) =>
        _claims.ClaimAsync(token, lastSessionId, Self, cancellationToken);

    /// <inheritdoc/>
    public void Publish(TunnelRoute route) => _ownership.Publish(route);

    /// <inheritdoc/>
    public void Release(string tokenId, long epoch) => _ownership.Release(tokenId, epoch);

    /// <inheritdoc/>
    public ValueTask<bool> ConfirmAsync(string tokenId, long epoch) => _ownership.ConfirmAsync(tokenId, epoch);

    /// <inheritdoc/>
    public void Announce() => Hurry();

    /// <summary>This is the successor of a process that still is the node of this name; before the start.</summary>
    public void Succeed() => _isSuccessor = true;

    /// <summary>A successor is the node of this name from now on; what this process still serves stays its own until it ends.</summary>
    public void Leave()
    {
        _hasLeft = true;
        Hurry();
    }

    /// <inheritdoc/>
    /// <exception cref="StoreUnavailableException">Another live node has this node's name.</exception>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        if (!_isSuccessor)
            _endedRun = _runFile.Read();
        try
        {
            await EnterAsync(cancellationToken);
        }
        catch (Exception e) when (e is not StoreUnavailableException && !cancellationToken.IsCancellationRequested)
        {
            NoteAway(e);
        }
        _runFile.Write(_node.Run);
        _metrics.Observe(() => Nodes.Count, () => (_ownership.Count, Routes.Count(route => route.Run != _node.Run)));
        await base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(LeaveLimit);
        try
        {
            if (!_isAway)
            {
                while (TakeUntold() is { Count: > 0 } tokens)
                    await _ownership.TellAsync(tokens).WaitAsync(limit.Token);
                if (!_hasLeft)
                    await _store.LeaveAsync(Self).WaitAsync(limit.Token);
            }
        }
        catch (Exception)
        {
            // Leases run out by themselves.
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _hurry.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
        ListenAsync(stoppingToken), BeatAsync(stoppingToken), TellAsync(stoppingToken), AskDatabaseAsync(stoppingToken));

    // A name is free when no lease of another run holds it; that of a run that was killed runs out, unless it is known to have been this one's.
    private async Task EnterAsync(CancellationToken cancellationToken)
    {
        long started = _time.GetTimestamp();
        while (!await RoundAsync())
        {
            if (_isSuccessor)
                return;
            if (_time.GetElapsedTime(started) > RouteStore.Lease + Interval)
            {
                throw new StoreUnavailableException(
                    $"Another live node of the cluster has the name {Self.Name}; give each node a name of its own with --node.", passes: false);
            }
            await Task.Delay(ShortestPause, _time, cancellationToken);
        }
    }

    private async Task ListenAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await _store.ListenAsync(Hear, Distrust, stoppingToken);
                return;
            }
            catch (Exception) when (!stoppingToken.IsCancellationRequested)
            {
                // Redis has never been there: who beats tells of it.
                await Task.Delay(Interval, _time, stoppingToken);
            }
        }
    }

    private async Task BeatAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            TimeSpan pause = Interval;
            try
            {
                bool isMine = await RoundAsync();
                NoteBack();
                if (!isMine && !_hasLeft)
                    pause = ShortestPause;
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                _metrics.RenewalFailed();
                NoteAway(e);
            }
            await Task.Delay(ShortestPause, _time, stoppingToken);
            await _hurry.WaitAsync(pause - ShortestPause, stoppingToken);
        }
    }

    /// <summary>Renews this node's lease and those of its tunnels, and takes in what has changed elsewhere; false when another run is the node of this name.</summary>
    private async Task<bool> RoundAsync()
    {
        if (_hasLeft)
        {
            await _store.LeaveAsync(Self);
            await _ownership.RenewAsync();
            return false;
        }
        ClusterNode self = Describe();
        long seen = _known.Version;
        var (isMine, version, nodes) = await _store.BeatAsync(self, _endedRun);
        NoteName(isMine);
        if (version < seen)
            Distrust(); // Redis has lost its data: the others write theirs again.
        bool isTrusted = _time.GetTimestamp() >= Volatile.Read(ref _trustedFrom);
        if (isMine)
            _known.SetNodes(nodes, self, keepMissing: !isTrusted);
        await _ownership.RenewAsync();
        if (_known.Version < version || version < seen || (_isReadAgain && isTrusted))
        {
            foreach (TunnelRoute left in await _known.ReadAsync(_store, version, keepMissing: !isTrusted))
                _ownership.ReleaseLeft(left);
            _isReadAgain = !isTrusted;
        }
        if (isTrusted && ++_rounds % RoundsBetweenSweeps == 0)
        {
            foreach (TunnelRoute[] dead in _known.Dead.Chunk(RouteStore.BatchSize))
                await _store.SweepAsync(dead);
        }
        return isMine;
    }

    private async Task TellAsync(CancellationToken stoppingToken)
    {
        while (await _ownership.Untold.WaitToReadAsync(stoppingToken))
        {
            try
            {
                await _ownership.TellAsync(TakeUntold());
            }
            catch (Exception) when (!stoppingToken.IsCancellationRequested)
            {
                // Redis is away, of which the beat tells; it is told when it is back.
                await Task.Delay(TellRetry, _time, stoppingToken);
            }
        }
    }

    private List<string> TakeUntold()
    {
        var tokens = new List<string>();
        while (tokens.Count < RouteStore.BatchSize && _ownership.Untold.TryRead(out string? tokenId))
            tokens.Add(tokenId);
        return tokens;
    }

    private async Task AskDatabaseAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            bool isAway = _ownership.RedisIsAway;
            await Task.Delay(isAway ? DatabaseIntervalAway : DatabaseInterval, _time, stoppingToken);
            try
            {
                if (isAway)
                    await _ownership.ConfirmByDatabaseAsync(stoppingToken);
                else
                    await _ownership.CheckByDatabaseAsync(stoppingToken);
            }
            catch (StoreUnavailableException)
            {
                // Others tell of it.
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(e);
            }
        }
    }

    private void Hear(string message)
    {
        if (!RouteHint.TryRead(message, out RouteHint hint))
            return;
        if (hint.Kind != RouteHintKind.Route)
            _claims.Hear(hint);
        if (hint.Kind == RouteHintKind.Claim)
            _ownership.Doubt(hint.TokenId, hint.Epoch);
        else if (!_known.Hear(hint))
            Hurry(); // A node that has just come.
    }

    private void Hurry()
    {
        if (_hurry.CurrentCount > 0)
            return;
        try
        {
            _hurry.Release();
        }
        catch (SemaphoreFullException)
        {
            // Somebody else has, at this moment.
        }
    }

    // What is missing in a Redis that is back may be on its way: everybody has a lease's time to write it again.
    private void Distrust()
    {
        Volatile.Write(ref _trustedFrom, _time.GetTimestamp() + (long)((RouteStore.Lease + Interval).TotalSeconds * _time.TimestampFrequency));
        _isReadAgain = true;
    }

    private ClusterNode Describe()
    {
        ClusterNode self = _node.Describe();
        Volatile.Write(ref _self, self);
        return self;
    }

    private void NoteAway(Exception cause)
    {
        Distrust();
        _ownership.RedisIsAway = true;
        if (!_isAway)
            LogAway(cause.Message);
        _isAway = true;
    }

    private void NoteBack()
    {
        _ownership.RedisIsAway = false;
        if (!_isAway)
            return;
        _isAway = false;
        Distrust();
        LogBack();
    }

    private void NoteName(bool isMine)
    {
        if (!isMine && !_isNameTaken && !_isSuccessor && Volatile.Read(ref _rounds) > 0)
            LogNameTaken(Self.Name);
        _isNameTaken = !isMine;
        if (isMine)
            _isSuccessor = false;
    }

    [LoggerMessage(EventIds.ClusterRedisAway, LogLevel.Warning, "Redis, which tells this node of the others, does not answer ({Reason}); tunnels go on, and the database says whose they are")]
    private partial void LogAway(string reason);

    [LoggerMessage(EventIds.ClusterRedisBack, LogLevel.Information, "Redis answers again, and the nodes hear of each other")]
    private partial void LogBack();

    [LoggerMessage(EventIds.ClusterNameTaken, LogLevel.Error, "Another live node of the cluster has the name {Name}: this one is not seen by the others; give each node a name of its own")]
    private partial void LogNameTaken(string name);

    [LoggerMessage(EventIds.ClusterCheckFailed, LogLevel.Error, "The database could not be asked whose tunnels these are")]
    private partial void LogFailed(Exception exception);
}
