using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Rabbit.Protocol.Messages;
using Rabbit.Tunneling.State;
using Rabbit.Tunneling.TunnelPorts;

namespace Rabbit.Tunneling.Sessions;

/// <summary>
/// One token's tunnel: its port, and the session that owns it now. The newest login wins at once, by epoch; the port stays
/// bound while the client is away.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "A source without a timer holds nothing to free, and visitors may still watch its token.")]
internal sealed partial class Tunnel(
    TokenRecord token, TunnelPort port, SessionFactory sessions, ISessionStore store, ILiveSessionStore liveSessions,
    TimeProvider time, ILogger<Tunnel> logger)
{
    private static readonly TimeSpan SupersededRetry = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private CancellationTokenSource _live = new();
    private TunnelSession? _session;
    private SessionRecord? _last;
    private long _epoch;
    private bool _ended;

    /// <summary>The token, as of the last login or restoration.</summary>
    public TokenRecord Token { get; private set; } = token;

    /// <summary>Where visitors connect.</summary>
    public TunnelPort Port => port;

    /// <summary>The session that serves visitors now, or null while the client is away.</summary>
    public TunnelSession? Session => Volatile.Read(ref _session);

    /// <summary>True from a restoration until the client is back.</summary>
    public bool IsRestored { get; private set; }

    /// <summary>Cancelled when a client comes; a fresh token follows when it leaves.</summary>
    public CancellationToken BecameLive
    {
        get
        {
            lock (_lock)
                return _live.Token;
        }
    }

    /// <summary>Takes up a stored session whose client is not connected.</summary>
    public void Restore(SessionRecord session)
    {
        lock (_lock)
        {
            _last = session;
            _epoch = Math.Max(_epoch, session.Epoch);
            IsRestored = true;
        }
    }

    /// <summary>
    /// Makes an authenticated client the owner. The session that it supersedes is told so and takes no more visitors; what it
    /// relays goes on.
    /// </summary>
    public AttachResult Attach(TokenRecord current, ClientDescription client)
    {
        TunnelSession? superseded;
        AttachResult result;
        CancellationTokenSource live;
        lock (_lock)
        {
            superseded = _session;
            if (_ended)
                return default;
            bool isSameClient = superseded is not null && client.LastSessionId == superseded.Record.SessionId;
            if (superseded is not null && client.Yield && !isSameClient)
                return new AttachResult(null, IsOccupied: true, WasRestored: false, Task.CompletedTask);

            // The stored session goes on if its client was away or comes back before we noticed that it had left.
            Guid id = superseded is null || isSameClient ? _last?.SessionId ?? Guid.CreateVersion7() : Guid.CreateVersion7();
            _epoch = Math.Max(_epoch, current.LastEpoch) + 1;
            Token = current;
            _last = sessions.Describe(current, id, _epoch, client);
            _session = sessions.Create(this, _last);
            result = new AttachResult(_session, IsOccupied: false, IsRestored, store.SaveAsync(new SessionChange.Opened(_last)));
            IsRestored = false;
            live = _live;
        }
        superseded?.End(SessionEnd.Superseded, new GoAway(
            GoAwayReason.Superseded, SupersededRetry, "", "Another client connected with the same token and has taken over the tunnel."));
        live.Cancel();
        PublishLiveSession();
        return result;
    }

    /// <summary>
    /// A session's control channel has ended. If it still owned the tunnel, the port goes offline and the session is stored
    /// as lost or ended; on shutdown it stays as it is, to be restored.
    /// </summary>
    public void Detach(TunnelSession session, SessionEnd end)
    {
        lock (_lock)
        {
            if (_session != session)
                return;
            _session = null;
            _live = new CancellationTokenSource();
            if (end == SessionEnd.Shutdown)
                return;

            SessionRecord record = session.Record;
            DateTimeOffset now = time.GetUtcNow();
            if (end is SessionEnd.ClientLost or SessionEnd.ClientSilent or SessionEnd.ProtocolError)
            {
                _ = store.SaveAsync(new SessionChange.Lost(record.SessionId, record.Epoch, now, Describe(end)));
            }
            else
            {
                _last = null;
                _ = store.SaveAsync(new SessionChange.Ended(record.SessionId, record.Epoch, now, Describe(end)));
            }
        }
        liveSessions.Remove(Token.TokenId, session.Record.Epoch);
        LogClientLost(port.Number, Describe(end));
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
            return true;
        }
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
                _ = store.SaveAsync(new SessionChange.Ended(_last.SessionId, _epoch, time.GetUtcNow(), Describe(end)));
        }
        session?.End(end, goAway);
        session?.AbortRelays();
    }

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
            TunnelState state = port.IsStopped ? TunnelState.Draining
                : !port.IsBound ? TunnelState.PortBusy
                : _session is null ? TunnelState.Offline : TunnelState.Live;
            return new TunnelSnapshot(
                Token.TokenId, Token.TeamId, port.Number, state, _last?.SessionId, _last?.Epoch ?? 0, _last?.ClientAddress,
                _last?.ClientName, _last?.ClientSoftware, _session?.Record.ConnectedAt, _session?.RoundTrip, port.Connections);
        }
    }

    private static string Describe(SessionEnd end) => end switch
    {
        SessionEnd.ClientLost => "connection lost",
        SessionEnd.ClientSilent => "heartbeat timed out",
        SessionEnd.ClientDisconnected => "client disconnected",
        SessionEnd.ProtocolError => "protocol error",
        SessionEnd.Superseded => "superseded",
        SessionEnd.Revoked => "token revoked",
        SessionEnd.Expired => "token expired",
        SessionEnd.Closed => "closed by an operator",
        _ => "server stopped",
    };

    [LoggerMessage(EventIds.ClientLost, LogLevel.Information, "Tunnel client left port {Port} ({Reason}); visitors are told that it is away")]
    private partial void LogClientLost(int port, string reason);
}
