using System.Diagnostics.CodeAnalysis;
using System.Net;
using Microsoft.Extensions.Logging;
using Rabbit.Protocol.Messages;
using Rabbit.Tunneling.Events;
using Rabbit.Tunneling.State;
using Rabbit.Tunneling.Telemetry;
using Rabbit.Tunneling.TunnelPorts;

namespace Rabbit.Tunneling.Sessions;

/// <summary>
/// One token's tunnel: its port, and the session that owns it now. The newest login wins at once, by epoch; the port stays
/// bound while the client is away.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "What ends the relays is freed with the tunnel's end.")]
internal sealed partial class Tunnel(
    TokenRecord token, TunnelPort port, SessionFactory sessions, ISessionStore store, ILiveSessionStore liveSessions,
    TunnelEvents events, TunnelingMetrics metrics, AbortSignal abortEverything, TimeProvider time, ILogger<Tunnel> logger)
{
    private static readonly TimeSpan SupersededRetry = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ClosedRetry = TimeSpan.FromSeconds(30);

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
            {
                if (_session is not { } session)
                    return (TunnelHealth.ClientOffline, port.BindError ?? Absence.Last.Reason, Absence.Last.Since);
                ServiceReport service = session.Service;
                TunnelHealth state = service.State switch
                {
                    ServiceState.Up => TunnelHealth.Ok,
                    ServiceState.Down => TunnelHealth.ServiceDown,
                    _ => TunnelHealth.Unknown,
                };
                return (state, service.Reason, service.Since ?? session.Record.ConnectedAt);
            }
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
            _last = session;
            _epoch = Math.Max(_epoch, session.Epoch);
            IsRestored = true;
            Absence.Begin("has not come back since the server started");
        }
    }

    /// <summary>
    /// Makes an authenticated client the owner. The session that it supersedes is told so and takes no more visitors; what it
    /// relays goes on.
    /// </summary>
    /// <param name="current">The token as it was read for this login.</param>
    /// <param name="secretHash">SHA-256 of the secret that the client presented.</param>
    /// <param name="client">What it said of itself.</param>
    public AttachResult Attach(TokenRecord current, ReadOnlyMemory<byte> secretHash, ClientDescription client)
    {
        TunnelSession? superseded;
        AttachResult result;
        Action tellVisitors;
        lock (_lock)
        {
            superseded = _session;
            if (_ended)
                return default;
            bool isSameClient = superseded is not null && client.LastSessionId == superseded.Record.SessionId;
            if (superseded is not null && client.Yield && !isSameClient)
                return new AttachResult(null, IsOccupied: true, default, Task.CompletedTask);

            // The stored session goes on if its client was away or comes back before we noticed that it had left.
            LoginKind kind = superseded is not null && !isSameClient ? LoginKind.Takeover
                : _last is null ? LoginKind.First
                : IsRestored ? LoginKind.Restored : LoginKind.Reconnect;
            Guid id = kind is LoginKind.Takeover or LoginKind.First ? Guid.CreateVersion7() : _last!.SessionId;
            _epoch = Math.Max(_epoch, current.LastEpoch) + 1;
            if (current.Revision >= Token.Revision)
                Token = current;
            _last = sessions.Describe(current, id, _epoch, client);
            _session = sessions.Create(this, _last);
            _session.SecretHash = secretHash;
            result = new AttachResult(_session, IsOccupied: false, kind, store.SaveAsync(new SessionChange.Opened(_last)));
            IsRestored = false;
            tellVisitors = Absence.End();
            Line.Open();
        }
        metrics.LoggedIn(result.Kind);
        if (superseded is not null)
            metrics.SessionEnded(SessionEnd.Superseded);
        superseded?.End(SessionEnd.Superseded, new GoAway(
            GoAwayReason.Superseded, SupersededRetry, "", "Another client connected with the same token and has taken over the tunnel."));
        tellVisitors();
        Line.Advance();
        PublishLiveSession();
        Tell(TunnelEventTypes.TunnelLive, client.Address);
        return result;
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
            _session = null;
            Absence.Begin(reason);
            Line.Close();
            metrics.SessionEnded(end);
            if (end == SessionEnd.Shutdown)
                return true;

            SessionRecord record = session.Record;
            DateTimeOffset now = time.GetUtcNow();
            if (end is SessionEnd.ClientLost or SessionEnd.ClientSilent or SessionEnd.ProtocolError)
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
    /// The token was changed: what no longer holds for the session ends. False when its client may not be connected from where it is,
    /// so that the whole tunnel is to be ended.
    /// </summary>
    public bool Apply(TokenRecord current)
    {
        TunnelSession? session;
        lock (_lock)
        {
            if (current.Revision > Token.Revision)
                Token = current;
            session = _session;
        }
        port.Visitors.Expel(Token.Rules);
        if (session is not null && !Token.Rules.AllowClient(IPEndPoint.Parse(session.Record.ClientAddress).Address))
            return false;
        EndSessionOfOldSecret();
        return true;
    }

    /// <summary>Ends the session if it was logged in with a secret that is not valid any more; a client with the new one is welcome.</summary>
    public void EndSessionOfOldSecret()
    {
        if (Session is { } session && !Token.Accepts(session.SecretHash.Span, time.GetUtcNow()))
        {
            Expel(session, SessionEnd.Rotated, "", new GoAway(
                GoAwayReason.Revoked, TimeSpan.Zero, "", "The token has a new secret, and the time of the old one is over; give the client the new token."));
        }
    }

    /// <summary>Closes this session for an operator; false when it is not, or no longer, this tunnel's.</summary>
    public async Task<bool> CloseSessionAsync(Guid sessionId, string reason)
    {
        TunnelSession? session;
        lock (_lock)
        {
            if (_last?.SessionId != sessionId)
                return false;
            session = _session;
            if (session is null)
            {
                _ = store.SaveAsync(new SessionChange.Ended(sessionId, _epoch, time.GetUtcNow(), $"{SessionEndText.Of(SessionEnd.Closed)}: {reason}"));
                _last = null;
                IsRestored = false;
                return true;
            }
        }
        string sentence = reason.Length > 0 ? $"An operator closed the session ({reason})" : "An operator closed the session";
        if (Expel(session, SessionEnd.Closed, reason, new GoAway(GoAwayReason.Closed, ClosedRetry, "", $"{sentence}; the client comes back by itself.")))
            await session.Left;
        return true;
    }

    // Out of the tunnel first: from here on it has no effect, whatever it still sends.
    private bool Expel(TunnelSession session, SessionEnd end, string why, in GoAway goAway)
    {
        if (!Detach(session, end, why))
            return false;
        session.End(end, goAway);
        session.AbortRelays();
        return true;
    }

    /// <summary>The stored session was found stale; true when the tunnel is offline and has nothing left to wait for.</summary>
    public bool ForgetStale(Guid sessionId)
    {
        lock (_lock)
        {
            if (_session is not null || _last?.SessionId != sessionId)
                return false;
            _last = null;
            IsRestored = false;
        }
        Tell(TunnelEventTypes.TunnelClosed, "stale");
        return true;
    }

    /// <summary>Ends the tunnel for good: the session is told why, its relays are reset, and no login can attach any more.</summary>
    public void End(SessionEnd end, GoAway goAway)
    {
        TunnelSession? session;
        lock (_lock)
        {
            _ended = true;
            session = _session;
            if (session is null && _last is not null)
                _ = store.SaveAsync(new SessionChange.Ended(_last.SessionId, _epoch, time.GetUtcNow(), SessionEndText.Of(end)));
        }
        session?.End(end, goAway);
        _relays.Cancel();
        _relays.Dispose();
        Tell(TunnelEventTypes.TunnelClosed, SessionEndText.Of(end));
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
        if (Session is not { } session)
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
        {
            var (health, reason, since) = Health;
            return new TunnelSnapshot(
                Token.TokenId, Token.TeamId, port.Number, State, _last?.SessionId, _last?.Epoch ?? 0, _last?.ClientAddress,
                _last?.ClientName, _last?.ClientSoftware, _session?.Record.ConnectedAt, _session?.RoundTrip, port.Connections)
            {
                Health = health,
                HealthReason = reason,
                HealthSince = since,
                TeamName = Token.TeamName,
                TokenName = Token.TokenName,
                LastSeenAt = _session?.LastSeenAt,
                ReadyChannels = _session?.ReadyChannels ?? 0,
                IsRestored = IsRestored,
                VisitorsTotal = port.Visitors.Total,
                BytesFromVisitors = port.Visitors.BytesFromVisitors,
                BytesToVisitors = port.Visitors.BytesToVisitors,
            };
        }
    }

    private void Tell(string type, string detail) =>
        events.Publish(new TunnelEvent(type, time.GetUtcNow(), Token.TeamId, Token.TokenId, port.Number, SessionId, detail));

    [LoggerMessage(EventIds.ClientLost, LogLevel.Information, "Tunnel client left port {Port} ({Reason}); visitors {Fate}")]
    private partial void LogClientLost(int port, string reason, string fate);
}
