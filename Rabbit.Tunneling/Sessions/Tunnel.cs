using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Rabbit.Protocol.Messages;
using Rabbit.Tunneling.Cluster;
using Rabbit.Tunneling.Events;
using Rabbit.Tunneling.State;
using Rabbit.Tunneling.Telemetry;
using Rabbit.Tunneling.TunnelPorts;

namespace Rabbit.Tunneling.Sessions;

/// <summary>
/// One token's tunnel: its port, and the session that serves its visitors now, which may be another node's. The newest login wins at once,
/// by epoch; the port stays bound while the client is away.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "What ends the relays is freed with the tunnel's end.")]
internal sealed partial class Tunnel(
    TokenRecord token, TunnelPort port, SessionFactory sessions, ISessionStore store, ILiveSessionStore liveSessions,
    ITunnelDirectory directory, TunnelEvents events, TunnelingMetrics metrics, AbortSignal abortEverything, TimeProvider time, ILogger<Tunnel> logger)
{
    // A client that has lost its node is on its way to another one.
    private static readonly TimeSpan MoveTime = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _relays = CancellationTokenSource.CreateLinkedTokenSource(abortEverything.Token);
    private TunnelSession? _session;
    private SessionRecord? _last;
    private long _epoch;
    private bool _ended;

    /// <summary>The token, as of the last login, restoration or change.</summary>
    public TokenRecord Token { get; private set; } = token;

    /// <summary>Where visitors connect.</summary>
    public TunnelPort Port => port;

    /// <summary>The session that serves visitors now, or null while the client is away.</summary>
    public TunnelSession? Session => Volatile.Read(ref _session);

    /// <summary>The session, live or waiting for its client, or null.</summary>
    public Guid? SessionId => Volatile.Read(ref _last)?.SessionId;

    /// <summary>The stored session that this node goes on with, and its epoch; null where there is none, or another node has it.</summary>
    public (Guid SessionId, long Epoch)? Stored
    {
        get
        {
            lock (_lock)
                return _last is { } last && _session is not RemoteSession ? (last.SessionId, last.Epoch) : null;
        }
    }

    /// <summary>Cancelled when every relay of this tunnel must end at once, also those of sessions that have ended.</summary>
    public CancellationToken RelaysAborted
    {
        get
        {
            lock (_lock)
                return _ended ? new CancellationToken(canceled: true) : _relays.Token;
        }
    }

    /// <summary>Tells who listens to this server's events.</summary>
    public TunnelEvents Events => events;

    /// <summary>What the port does now.</summary>
    public TunnelState State => port.IsStopped ? TunnelState.Draining
        : !port.IsBound ? TunnelState.PortBusy
        : Session is null ? TunnelState.Offline : TunnelState.Live;

    /// <summary>What stands between visitors and the service, why, and since when.</summary>
    public (TunnelHealth State, string Reason, DateTimeOffset Since) Health
    {
        get
        {
            lock (_lock)
                return TunnelSnapshots.HealthOf(this, _session);
        }
    }

    /// <summary>True from a restoration until the client is back.</summary>
    public bool IsRestored { get; private set; }

    /// <summary>Since when and why the client is away, or was last.</summary>
    public ClientAbsence Absence { get; } = new(time);

    /// <summary>The visitors that wait for the client.</summary>
    public WaitingLine Line { get; } = new();

    /// <summary>Takes up a stored session whose client is not connected.</summary>
    public void Restore(SessionRecord session)
    {
        lock (_lock)
        {
            if (_session is not null)
                return; // Its client has come to another node already.
            _last = session;
            _epoch = Math.Max(_epoch, session.Epoch);
            IsRestored = true;
            Absence.Begin("has not come back since the server started");
        }
    }

    /// <summary>The token with the highest epoch that is known here; the database may be behind, restored from a copy.</summary>
    public TokenRecord WithEpoch(TokenRecord current)
    {
        lock (_lock)
            return current.LastEpoch >= _epoch ? current : current with { LastEpoch = _epoch };
    }

    /// <summary>True when another live client holds the tunnel, on any node, and this one does not want to supersede it.</summary>
    public bool IsOccupiedFor(ClientDescription client) =>
        client.Yield && Session is { } session && session.Record.SessionId != client.LastSessionId;

    /// <summary>
    /// Makes an authenticated client the owner. The session that it supersedes is told so and takes no more visitors; what it
    /// relays goes on.
    /// </summary>
    /// <param name="current">The token as it was read for this login.</param>
    /// <param name="secretHash">SHA-256 of the secret that the client presented.</param>
    /// <param name="client">What it said of itself.</param>
    /// <param name="claimed">The epoch that was claimed among all nodes; 0 on a lone server, where the next one is taken.</param>
    public AttachResult Attach(TokenRecord current, ReadOnlyMemory<byte> secretHash, ClientDescription client, long claimed = 0)
    {
        TunnelSession? superseded;
        AttachResult result;
        Action tellVisitors;
        lock (_lock)
        {
            superseded = _session;
            if (_ended)
                return default;
            // Who has claimed the tunnel was asked before, and nobody else can hold it now.
            if (claimed == 0 && IsOccupiedFor(client))
                return AttachResult.Occupied;
            if (claimed > 0 && claimed <= _epoch)
                return AttachResult.Superseded;

            // The stored session goes on if its client was away or comes back before we noticed that it had left.
            bool isSameClient = superseded is not null && client.LastSessionId == superseded.Record.SessionId;
            LoginKind kind = superseded is not null && !isSameClient ? LoginKind.Takeover
                : _last is null ? LoginKind.First
                : IsRestored ? LoginKind.Restored : LoginKind.Reconnect;
            Guid id = kind is LoginKind.Takeover or LoginKind.First ? Guid.CreateVersion7() : _last!.SessionId;
            _epoch = claimed > 0 ? claimed : Math.Max(_epoch, current.LastEpoch) + 1;
            if (current.Revision >= Token.Revision)
                Token = current;
            _last = sessions.Describe(current, id, _epoch, client);
            _session = sessions.Create(this, _last, client.TakesChannelsElsewhere);
            _session.SecretHash = secretHash;
            result = new AttachResult(_session, LoginOutcome.Attached, kind, store.SaveAsync(new SessionChange.Opened(_last)));
            if (directory.IsShared)
                directory.Publish(RouteOf(_session));
            IsRestored = false;
            tellVisitors = Absence.End();
            Line.Open();
        }
        metrics.LoggedIn(result.Kind);
        Supersede(superseded);
        tellVisitors();
        Line.Advance();
        PublishLiveSession();
        Tell(TunnelEventTypes.TunnelLive, client.Address);
        return result;
    }

    /// <summary>
    /// Another live node owns the tunnel: visitors are served by it, and a session of this node, which must be older, ends. False when
    /// what is known here is newer, or the tunnel has ended.
    /// </summary>
    public bool Follow(TunnelRoute route, IRemoteSessions remotes)
    {
        TunnelSession? superseded;
        RemoteSession remote;
        Action tellVisitors;
        lock (_lock)
        {
            superseded = _session;
            if (superseded is RemoteSession { Route: var followed } && followed == route)
                return true;
            if (_ended || route.Epoch < _epoch || (superseded is not null and not RemoteSession && route.Epoch == _epoch))
                return false;
            _epoch = route.Epoch;
            _session = remote = remotes.Create(this, route);
            _last = remote.Record;
            IsRestored = false;
            tellVisitors = Absence.End();
            Line.Open();
        }
        Supersede(superseded);
        tellVisitors();
        Line.Advance();
        Tell(TunnelEventTypes.TunnelLive, remote.Record.ClientAddress);
        return true;
    }

    /// <summary>No other live node owns the tunnel any more: visitors wait a moment, as the client is on its way to one that does.</summary>
    /// <param name="reason">Why.</param>
    /// <param name="only">The session to lose, if it is still the one; null for any.</param>
    /// <param name="expectsAnother">False where visitors are not to wait.</param>
    public void Lose(string reason, RemoteSession? only = null, bool expectsAnother = true)
    {
        RemoteSession remote;
        lock (_lock)
        {
            if (_session is not RemoteSession lost || (only is not null && only != lost))
                return;
            remote = lost;
            Leave(reason);
            if (expectsAnother)
                Absence.Expect(MoveTime);
        }
        Dismiss(remote, SessionEnd.ClientLost, default);
        LogClientLost(port.Number, reason, "wait for it a moment");
        Tell(TunnelEventTypes.TunnelOffline, reason);
    }

    /// <summary>
    /// A session's control channel has ended. If it still owned the tunnel, the port goes offline and the session is stored
    /// as lost or ended; on shutdown it stays as it is, to be restored.
    /// </summary>
    public bool Detach(TunnelSession session, SessionEnd end, string why = "")
    {
        string reason = why.Length > 0 ? $"{SessionEndText.Of(end)}: {why}" : SessionEndText.Of(end);
        lock (_lock)
        {
            if (_session != session)
                return false;
            Leave(reason);
            directory.Release(Token.TokenId, session.Record.Epoch);
            metrics.SessionEnded(end);
            bool comesBack = end is SessionEnd.ClientLost or SessionEnd.ClientSilent or SessionEnd.ProtocolError;
            if (directory.IsShared && (comesBack || end is SessionEnd.Shutdown or SessionEnd.Superseded))
                Absence.Expect(MoveTime);
            if (end == SessionEnd.Shutdown)
                return true;

            SessionRecord record = session.Record;
            DateTimeOffset now = time.GetUtcNow();
            if (comesBack)
            {
                _ = store.SaveAsync(new SessionChange.Lost(record.SessionId, record.Epoch, now, reason));
            }
            else
            {
                _last = null;
                _ = store.SaveAsync(new SessionChange.Ended(record.SessionId, record.Epoch, now, reason));
            }
        }
        liveSessions.Remove(Token.TokenId, session.Record.Epoch);
        LogClientLost(port.Number, reason, Token.Rules.Hold > TimeSpan.Zero ? $"wait for it up to {Token.Rules.Hold.TotalSeconds} s" : "are told that it is away");
        Tell(TunnelEventTypes.TunnelOffline, reason);
        return true;
    }

    /// <summary>
    /// This node's client is to go to another: it is told, and visitors wait until it is there; what it relays goes on. The session, or null
    /// where there is none here.
    /// </summary>
    public TunnelSession? SendAway(in GoAway goAway)
    {
        // Out of the tunnel first: its data channels close as soon as it is told.
        if (Session is not { } session || session is RemoteSession || !Detach(session, SessionEnd.Shutdown))
            return null;
        session.End(SessionEnd.Shutdown, goAway);
        return session;
    }

    /// <summary>A session of this node turned out not to own the tunnel any more: it takes no visitor from now on, and its client is told.</summary>
    public void Fence(TunnelSession session)
    {
        if (Detach(session, SessionEnd.Superseded))
            session.End(SessionEnd.Superseded, Goodbyes.Superseded);
    }

    /// <summary>False when this node's session turns out not to own the tunnel any more; it has ended then.</summary>
    public async ValueTask<bool> ConfirmAsync(TunnelSession session)
    {
        if (await directory.ConfirmAsync(session.Record.TokenId, session.Record.Epoch))
            return true;
        Fence(session);
        return false;
    }

    /// <summary>A session's client says something new of its local service.</summary>
    public void TellService(TunnelSession session, ServiceState before)
    {
        // Who was superseded has no say any more. That a service works is news only where it did not.
        if (Session != session)
            return;
        if (session.Service.State == ServiceState.Down)
            Tell(TunnelEventTypes.ServiceDown, session.Service.Reason);
        else if (before == ServiceState.Down)
            Tell(TunnelEventTypes.ServiceUp, "");
    }

    /// <summary>Another program holds the port.</summary>
    public void TellPortBusy() => Tell(TunnelEventTypes.PortBusy, port.BindError ?? "");

    /// <summary>Writes the live session's data, so that it does not expire.</summary>
    public void PublishLiveSession()
    {
        if (Session is not { } session || session is RemoteSession)
            return;
        SessionRecord record = session.Record;
        liveSessions.Publish(new LiveSession(
            record.SessionId, record.TokenId, Token.TeamId, record.Port, record.Epoch, record.ClientAddress, record.ClientName,
            record.Node, record.ConnectedAt, time.GetUtcNow()));
    }

    /// <summary>The tunnel as it stands now.</summary>
    public TunnelSnapshot Snapshot()
    {
        lock (_lock)
            return TunnelSnapshots.Of(this, _session, _last);
    }

    // Under the lock.
    private void Leave(string reason)
    {
        _session = null;
        Absence.Begin(reason);
        Line.Close();
    }

    private void Supersede(TunnelSession? session)
    {
        if (session is null)
            return;
        if (session is not RemoteSession)
        {
            metrics.SessionEnded(SessionEnd.Superseded);
            directory.Release(Token.TokenId, session.Record.Epoch);
        }
        Dismiss(session, SessionEnd.Superseded, Goodbyes.Superseded);
    }

    // Who runs a control channel frees its session; another node's has nobody else to do that.
    private static void Dismiss(TunnelSession session, SessionEnd end, in GoAway goAway)
    {
        session.End(end, goAway);
        if (session is RemoteSession remote)
            _ = remote.DisposeAsync().AsTask();
    }

    private TunnelRoute RouteOf(TunnelSession session) => new(
        Token.TokenId, port.Number, session.Record.Epoch, session.Record.SessionId, directory.Self.Name, directory.Self.Run, session.TakesChannelsElsewhere);

    private void Tell(string type, string detail) =>
        events.Publish(new TunnelEvent(type, time.GetUtcNow(), Token.TeamId, Token.TokenId, port.Number, SessionId, detail));

    [LoggerMessage(EventIds.ClientLost, LogLevel.Information, "Tunnel client left port {Port} ({Reason}); visitors {Fate}")]
    private partial void LogClientLost(int port, string reason, string fate);
}
