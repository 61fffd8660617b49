using System.Net;
using System.Runtime.CompilerServices;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Messages;
using Rabbit.Protocol.Transport;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.State;
using Rabbit.Tunneling.Telemetry;
using Rabbit.Tunneling.Transport;

namespace Rabbit.Tunneling.Cluster;

/// <summary>
/// Serves visitors of a tunnel that another node owns. Its channels are forwarded streams to the owner, kept warm while visitors come; or,
/// where the client can and this node has an address for it, data channels that the client dials here. Ends when the owner is lost.
/// </summary>
internal sealed class ForwardingSession : RemoteSession, IDialledSession
{
    // Half of what the owner's lease has: before another node can own the tunnel, channels past the owner are not used any more.
    private static readonly TimeSpan DirectFreshFor = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan DirectPatience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan DirectRetry = TimeSpan.FromMinutes(1);
    private const int SweepsWithoutVisitors = 4;

    private readonly RemoteSessions _remotes;
    private readonly ClusterNode _owner;
    private readonly ChannelPool _pool;
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _lost = new();
    private readonly ConnectionTracker _dials = new();

    // What no longer exists is forgotten without being told.
    private readonly ConditionalWeakTable<RelayEnd, object> _direct = [];
    private NodeLink? _link;
    private volatile DirectState _state;
    private ChannelSecret? _secret;
    private IDisposable? _knownAddress;
    private ITimer? _directTimer;
    private long _directFailedAt;
    private int _directPending;
    private bool _directCameSince;
    private int _sweepsSinceVisitor = SweepsWithoutVisitors;
    private bool _hasEnded;

    public ForwardingSession(Tunnel tunnel, SessionRecord record, TunnelRoute route, ClusterNode owner, RemoteSessions remotes)
        : base(tunnel, record, route)
    {
        _remotes = remotes;
        _owner = owner;
        _pool = new ChannelPool(0, remotes.Options.PendingVisitors, Request, isFilledAtOnce: false);
    }

    private enum DirectState
    {
        /// <summary>Not asked for.</summary>
        None,

        /// <summary>The owner was asked for a grant, or the client for the first channels.</summary>
        Asked,

        /// <summary>Channels come.</summary>
        Works,

        /// <summary>They do not, for now.</summary>
        Failed,
    }

    /// <summary>True while the client dials its data channels here.</summary>
    public bool IsDirect => _state == DirectState.Works;

    /// <inheritdoc/>
    public Guid SessionId => Route.SessionId;

    /// <inheritdoc/>
    public ChannelSecret ChannelSecret => _secret ?? throw new InvalidOperationException("The owner has granted no data channels.");

    /// <inheritdoc/>
    public override int ReadyChannels => _pool.Ready;

    /// <inheritdoc/>
    public override TimeSpan AnswerTimeout(TimeSpan channelTimeout) => 2 * channelTimeout; // The owner may wait as long for a channel first.

    /// <inheritdoc/>
    public override bool IsForwarded(RelayEnd channel) => !_direct.TryGetValue(channel, out _);

    /// <inheritdoc/>
    public override async ValueTask<(RelayEnd? Channel, ChannelFailure Failure)> TakeChannelAsync()
    {
        if (Interlocked.Exchange(ref _sweepsSinceVisitor, 0) >= SweepsWithoutVisitors)
            _pool.KeepReady(_remotes.Options.PoolSize);
        if (_state == DirectState.Works && _link is { } link && link.Silence > DirectFreshFor)
        {
            LoseOwner("nothing was heard from it");
            return (null, ChannelFailure.SessionEnded);
        }
        var taken = await _pool.TakeAsync(_remotes.Options.ChannelTimeout, _remotes.Time);
        if (taken.Channel is { } channel)
            _remotes.Metrics.Taken(IsForwarded(channel) ? ClusterMetrics.VisitorPath.Forwarded : ClusterMetrics.VisitorPath.Direct);
        return taken;
    }

    /// <inheritdoc/>
    public override ValueTask ReplaceChannelsAsync(long takenAt) => _pool.ReplaceReadyAsync(takenAt, _remotes.Time);

    /// <inheritdoc/>
    public override ValueTask SweepAsync()
    {
        if (Interlocked.Increment(ref _sweepsSinceVisitor) == SweepsWithoutVisitors)
            _pool.KeepReady(0);
        return _pool.SweepAsync();
    }

    /// <inheritdoc/>
    public override CancellationToken OwnerLost => _lost.Token;

    /// <inheritdoc/>
    public override void Disown() => _remotes.Lost(this, "it is not the owner any more");

    /// <summary>The owner cannot be reached: visitors that have not begun wait for the next.</summary>
    public void LoseOwner(string why)
    {
        _remotes.Lost(this, why);
        ThreadPool.UnsafeQueueUserWorkItem(static lost => lost.Cancel(), _lost, preferLocal: false);
    }

    /// <inheritdoc/>
    public override void End(SessionEnd end, in GoAway goAway)
    {
        NodeLink? link;
        lock (_lock)
        {
            if (_hasEnded)
                return;
            _hasEnded = true;
            link = _link;
            _directTimer?.Dispose();
        }
        BeginEnding();
        _stop.Cancel();
        link?.Detach(this);
        if (_secret is not null)
            _remotes.Registry.Unregister(this);
        _knownAddress?.Dispose();
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        End(SessionEnd.Superseded, default);
        await _pool.CloseAsync();
        await base.DisposeAsync();
        await _dials.WhenIdleAsync();
        _stop.Dispose();
    }

    /// <summary>The owner lets the client's data channels come here.</summary>
    public void Granted(in Grant granted)
    {
        if (granted.SessionId != Route.SessionId)
            return;
        lock (_lock)
        {
            if (_hasEnded || _secret is not null)
                return;
            _secret = new ChannelSecret(granted.ChannelSecret);
            _remotes.Registry.Register(this);
        }
        OpenDirect(FirstDirect);
    }

    /// <summary>Some of the data channels that were asked for do not come.</summary>
    public void DirectRefused(in ChannelsRefused refused)
    {
        _remotes.TellDirectFailed(Route, _owner, refused.Sentence);
        FallBack(refused.Count);
    }

    /// <inheritdoc/>
    public async ValueTask AddChannelAsync(RelayEnd channel)
    {
        bool isFirst;
        lock (_lock)
        {
            if (_directPending > 0)
                _directPending--;
            _directCameSince = true;
            isFirst = _state != DirectState.Works && !_hasEnded;
            if (isFirst)
                _state = DirectState.Works;
            // Data channels come in bursts, for which only addresses of clients have room.
            if (!_hasEnded && _knownAddress is null && channel.Socket.RemoteEndPoint is IPEndPoint client)
                _knownAddress = _remotes.Known.Add(client.Address, Route.TokenId);
        }
        _direct.AddOrUpdate(channel, this);
        if (isFirst)
            await _pool.ReplaceReadyAsync(_remotes.Time.GetTimestamp(), _remotes.Time); // Forwarded ones: these are better.
        await _pool.AddAsync(channel);
    }

    private int FirstDirect => Math.Max(1, _remotes.Options.PoolSize);

    // Called by the pool; does not wait.
    private void Request(int count)
    {
        NodeLink? link = Link();
        if (link is null)
            return;
        DirectState state;
        bool asks;
        lock (_lock)
        {
            if (_state == DirectState.Failed && _remotes.Time.GetElapsedTime(_directFailedAt) > DirectRetry)
                _state = DirectState.None;
            asks = _state == DirectState.None && Route.TakesChannelsElsewhere && _remotes.Options.ClusterClientAddress.Length > 0;
            if (asks)
                _state = DirectState.Asked;
            state = _state;
        }
        if (state == DirectState.Works)
        {
            OpenDirect(count);
            return;
        }
        _dials.Track(ForwardAsync(count));
        if (asks && _secret is null)
            link.TryPost(new AskGrant(Route.TokenId, (ulong)Route.Epoch));
        else if (asks)
            OpenDirect(FirstDirect);
    }

    /// <summary>The link to the owner, made if need be; null when the session has ended, or ends by this.</summary>
    private NodeLink? Link()
    {
        if (Volatile.Read(ref _link) is { } there)
            return there;
        lock (_lock)
        {
            if (_hasEnded)
                return null;
            if (_link is not null)
                return _link;
            if (_remotes.Links.To(_owner) is { } link && link.TryAttach(this))
                return _link = link;
        }
        LoseOwner("the link to it has ended");
        return null;
    }

    // The first one alone: somebody waits for it, and the others would take its time.
    private async Task ForwardAsync(int count)
    {
        await ForwardAsync();
        if (count > 1 && !_stop.IsCancellationRequested)
            await Task.WhenAll(Enumerable.Range(1, count - 1).Select(_ => ForwardAsync()));
    }

    private async Task ForwardAsync()
    {
        try
        {
            RelayEnd stream = await _remotes.DialAsync(_owner, _stop.Token);
            try
            {
                await stream.SendAsync(Frame.Encode(new ForwardHello(Route.TokenId, (ulong)Route.Epoch)), _stop.Token);
            }
            catch
            {
                stream.Abort();
                throw;
            }
            await _pool.AddAsync(stream, onlyForWaiting: _state == DirectState.Works);
        }
        catch (OperationCanceledException)
        {
            // The session has ended.
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException or ObjectDisposedException)
        {
            LoseOwner(e.Message);
        }
    }

    private void OpenDirect(int count)
    {
        lock (_lock)
        {
            if (_hasEnded)
                return;
            _directPending += count;
            if (_directTimer is null)
            {
                _directCameSince = false;
                _directTimer = _remotes.Time.CreateTimer(_ => LookAtDirect(), null, DirectPatience, Timeout.InfiniteTimeSpan);
            }
        }
        for (; count > 0; count -= ushort.MaxValue)
            _link!.TryPost(new OpenChannels(Route.TokenId, (ulong)Route.Epoch, (ushort)Math.Min(count, ushort.MaxValue)));
    }

    private void LookAtDirect()
    {
        int missing;
        bool came;
        lock (_lock)
        {
            _directTimer?.Dispose();
            _directTimer = null;
            missing = _directPending;
            came = _directCameSince;
            _directPending = 0;
        }
        if (missing > 0 && !came)
            FallBack(0);
        if (missing > 0)
            ForwardWaiting(missing);
    }

    private void FallBack(int count)
    {
        lock (_lock)
        {
            if (_hasEnded)
                return;
            _state = DirectState.Failed;
            _directFailedAt = _remotes.Time.GetTimestamp();
            if (count == 0)
                count = _directPending;
            _directPending = Math.Max(0, _directPending - count);
        }
        ForwardWaiting(count);
    }

    private void ForwardWaiting(int count)
    {
        if (count > 0 && !_stop.IsCancellationRequested)
            _dials.Track(ForwardAsync(count));
    }
}
