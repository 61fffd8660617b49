using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Rabbit.Protocol.Messages;
using Rabbit.Tunneling.Authentication;
using Rabbit.Tunneling.Cluster;
using Rabbit.Tunneling.ControlPort;
using Rabbit.Tunneling.Events;
using Rabbit.Tunneling.State;
using Rabbit.Tunneling.Telemetry;
using Rabbit.Tunneling.TunnelPorts;

namespace Rabbit.Tunneling.Sessions;

/// <summary>All tunnels of this server, by token; and the sessions that data channels ask for, by id.</summary>
public sealed class TunnelRegistry
{
    /// <summary>Clients that a successor is sent in a second.</summary>
    internal const int MovedPerSecond = 500;

    private static readonly TimeSpan NotAllowedRetry = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, Tunnel> _tunnels = new();
    private readonly ConcurrentDictionary<Guid, IDialledSession> _sessions = new();
    private readonly TunnelPortFactory _ports;
    private readonly SessionFactory _sessionFactory;
    private readonly TokenAuthenticator _authenticator;
    private readonly ISessionStore _store;
    private readonly ILiveSessionStore _liveSessions;
    private readonly IRevocations _revocations;
    private readonly ITokenStore _tokens;
    private readonly ITunnelDirectory _directory;
    private readonly StandbyClients _standbys;
    private readonly TunnelEvents _events;
    private readonly TunnelingMetrics _metrics;
    private readonly AbortSignal _abortEverything;
    private readonly TimeProvider _time;
    private readonly ILogger<Tunnel> _tunnelLogger;
    private GoAway? _closed;

    internal TunnelRegistry(
        TunnelPortFactory ports, SessionFactory sessionFactory, TokenAuthenticator authenticator, ISessionStore store,
        ILiveSessionStore liveSessions, IRevocations revocations, ITokenStore tokens, ITunnelDirectory directory, StandbyClients standbys, TunnelEvents events,
        TunnelingMetrics metrics, AbortSignal abortEverything, TimeProvider time, ILogger<Tunnel> tunnelLogger)
    {
        _ports = ports;
        _sessionFactory = sessionFactory;
        _authenticator = authenticator;
        _store = store;
        _liveSessions = liveSessions;
        _revocations = revocations;
        _tokens = tokens;
        _directory = directory;
        _standbys = standbys;
        _events = events;
        _metrics = metrics;
        _abortEverything = abortEverything;
        _time = time;
        _tunnelLogger = tunnelLogger;
    }

    internal IEnumerable<Tunnel> Tunnels => _tunnels.Values;

    /// <summary>The tokens of clients that wait here for the loss of their own node.</summary>
    internal IEnumerable<TokenRecord> StandbyTokens => _standbys.Tokens();

    /// <summary>True once this node sends its clients to others.</summary>
    internal bool TakesNoMore { get; private set; }

    /// <summary>Every tunnel as it stands now.</summary>
    public IReadOnlyCollection<TunnelSnapshot> List() => [.. _tunnels.Values.Select(tunnel => tunnel.Snapshot())];

    /// <summary>The tunnel of a token as it stands now, or null.</summary>
    public TunnelSnapshot? Find(string tokenId) => _tunnels.GetValueOrDefault(tokenId)?.Snapshot();

    /// <summary>The tunnel whose session this is, also while its client is away; or null.</summary>
    public TunnelSnapshot? FindBySession(Guid sessionId) => FindTunnel(sessionId)?.Snapshot();

    /// <summary>The visitors of a token's tunnel now, the longest here first, at most so many.</summary>
    public IReadOnlyList<VisitorSnapshot> ListVisitors(string tokenId, int most) =>
        _tunnels.GetValueOrDefault(tokenId)?.Port.Visitors.List(most) ?? [];

    /// <summary>
    /// An operator closes a session: its client is told why and may come back after a while, and its relays are reset. The port goes
    /// on listening. False when no tunnel here has this session.
    /// </summary>
    public async Task<bool> CloseSessionAsync(Guid sessionId, string reason) =>
        FindTunnel(sessionId) is { } tunnel && await tunnel.CloseSessionAsync(sessionId, PeerText.Escape(reason));

    /// <summary>
    /// The database has new settings of this token: tells the other servers, and applies them here. When the task completes, what they
    /// no longer allow has ended.
    /// </summary>
    /// <exception cref="StoreUnavailableException">The database does not answer; the settings are applied when it does.</exception>
    public Task ApplyChangeAsync(string tokenId, CancellationToken cancellationToken)
    {
        _revocations.Publish(tokenId);
        return ApplyHereAsync(tokenId, cancellationToken);
    }

    /// <summary>
    /// An operator has revoked or deleted this token, and the database knows: tells the other servers, and ends its tunnel here
    /// before the task completes. No login with it succeeds from now on, its control and data channels end, its port is unbound.
    /// </summary>
    public Task RevokeTokenAsync(string tokenId)
    {
        _revocations.Publish(tokenId);
        return EndTokenAsync(tokenId, GoAwayReason.Revoked);
    }

    /// <summary>Ends a token's tunnel on this server. For a token without one it only makes sure that no login under way succeeds.</summary>
    internal async Task EndTokenAsync(string tokenId, GoAwayReason reason)
    {
        if (reason != GoAwayReason.Expired)
            _authenticator.Withdraw(tokenId);
        GoAway goodbye = reason == GoAwayReason.Expired ? Goodbyes.Expired : Goodbyes.Revoked;
        _standbys.End(tokenId, goodbye);
        if (!_tunnels.TryRemove(tokenId, out Tunnel? tunnel))
            return;
        tunnel.End(reason == GoAwayReason.Expired ? SessionEnd.Expired : SessionEnd.Revoked, goodbye);
        await tunnel.Port.StopAsync();
    }

    /// <summary>Reads a token's settings and applies them to its tunnel on this server.</summary>
    internal async Task ApplyHereAsync(string tokenId, CancellationToken cancellationToken)
    {
        _authenticator.Forget(tokenId);
        if (!_tunnels.TryGetValue(tokenId, out Tunnel? tunnel) || await _tokens.FindTokenAsync(tokenId, cancellationToken) is not { } current)
            return;
        // Read before the change, and noted just after it was forgotten.
        _authenticator.Forget(tokenId);
        if (current.IsExpired(_time.GetUtcNow()))
        {
            await EndTokenAsync(tokenId, GoAwayReason.Expired);
            return;
        }
        if (tunnel.Apply(current))
            return;
        // Its client's network is not allowed any more: until a client comes from one that is, there is no tunnel.
        _tunnels.TryRemove(new KeyValuePair<string, Tunnel>(tokenId, tunnel));
        tunnel.End(SessionEnd.NotAllowed, new GoAway(
            GoAwayReason.Closed, NotAllowedRetry, "", "The token may no longer be used from this address; ask the server's operator to allow its network."));
        await tunnel.Port.StopAsync();
    }

    /// <summary>
    /// The server stops: unbinds every port, and tells every client. Those that a successor waits for come to it a few at a time, the rest
    /// as they like.
    /// </summary>
    internal async Task CloseAsync(bool isHandedOver)
    {
        GoAway goAway = isHandedOver
            ? new GoAway(GoAwayReason.Shutdown, TimeSpan.Zero, "", "A new server process has taken over; the client goes to it by itself.")
            : new GoAway(GoAwayReason.Shutdown, TimeSpan.Zero, "", "The server is stopping; the client comes back by itself.");
        _closed = goAway;
        _standbys.Close(goAway);
        Task stopped = Task.WhenAll(Tunnels.Select(tunnel => tunnel.Port.StopAsync()));
        int told = 0;
        foreach (Tunnel tunnel in Tunnels)
        {
            if (tunnel.Session is { } session)
                session.End(SessionEnd.Shutdown, isHandedOver ? goAway with { RetryAfter = TimeSpan.FromMilliseconds(told++ * 1000 / MovedPerSecond) } : goAway);
        }
        await stopped;
    }

    /// <summary>This node sends its clients to others: from now on logins are turned away, and those under way sent after them.</summary>
    internal void TakeNoMoreClients() => TakesNoMore = true;

    /// <summary>Sends a session away that has come while the server was stopping already, or sending its clients away.</summary>
    internal async Task EndIfClosedAsync(TunnelSession session)
    {
        if (_closed is not { } goAway)
        {
            if (TakesNoMore)
                session.Tunnel.SendAway(Goodbyes.Draining(""));
            return;
        }
        session.End(SessionEnd.Shutdown, goAway);
        await session.Tunnel.Port.StopAsync();
    }

    /// <summary>The tunnel of a token, made on first use; its port may not be bound yet.</summary>
    internal Tunnel GetOrAdd(TokenRecord token) => _tunnels.GetOrAdd(token.TokenId, static (_, arguments) =>
    {
        var (registry, token) = arguments;
        TunnelPort port = registry._ports.Create(token.Port);
        var tunnel = new Tunnel(
            token, port, registry._sessionFactory, registry._store, registry._liveSessions, registry._directory, registry._events, registry._metrics,
            registry._abortEverything, registry._time, registry._tunnelLogger);
        port.Serves(tunnel);
        return tunnel;
    }, (this, token));

    /// <summary>The tunnel of a token, or null.</summary>
    internal Tunnel? FindTunnel(string tokenId) => _tunnels.GetValueOrDefault(tokenId);

    /// <summary>
    /// The tunnel of a token whose client is connected to another node, made on first use; its port listens, or is being retried. Null when
    /// the token is no longer valid, or the server is stopping.
    /// </summary>
    internal async Task<Tunnel?> OpenAsync(TokenRecord token)
    {
        if (_closed is not null || token.RevokedAt is not null || token.IsExpired(_time.GetUtcNow()) || _authenticator.IsWithdrawn(token.TokenId))
            return null;
        Tunnel tunnel = GetOrAdd(token);
        if (!await tunnel.Port.TryBindAsync() && !tunnel.Port.IsStopped)
        {
            tunnel.TellPortBusy();
            tunnel.Port.RetryInBackground(() => { });
        }
        // As for a login: it may have been withdrawn, or the server have begun to stop, meanwhile.
        if (_authenticator.IsWithdrawn(token.TokenId))
            await EndTokenAsync(token.TokenId, GoAwayReason.Revoked);
        if (_closed is not null)
            await tunnel.Port.StopAsync();
        return tunnel;
    }

    /// <summary>The tunnel on a port, or null.</summary>
    internal Tunnel? FindByPort(int port) => _tunnels.Values.FirstOrDefault(tunnel => tunnel.Port.Number == port);

    /// <summary>A stored session is stale: closes its port when nothing else needs it.</summary>
    internal async Task<bool> ForgetStaleAsync(Guid sessionId)
    {
        foreach (var (tokenId, tunnel) in _tunnels)
        {
            if (!tunnel.ForgetStale(sessionId))
                continue;
            _tunnels.TryRemove(new KeyValuePair<string, Tunnel>(tokenId, tunnel));
            await tunnel.Port.StopAsync();
            return true;
        }
        return false;
    }

    /// <summary>A stored session was ended by another node: it is not gone on with here.</summary>
    internal void ForgetEnded(EndedSession ended) => FindTunnel(ended.SessionId)?.ForgetEnded(ended);

    private Tunnel? FindTunnel(Guid sessionId) => _tunnels.Values.FirstOrDefault(tunnel => tunnel.SessionId == sessionId);

    internal void Register(IDialledSession session) => _sessions[session.SessionId] = session;

    internal void Unregister(IDialledSession session) =>
        _sessions.TryRemove(new KeyValuePair<Guid, IDialledSession>(session.SessionId, session));

    /// <summary>The session that a data channel presented, when the secret is its own; null otherwise.</summary>
    internal IDialledSession? FindByChannelSecret(in DataHello hello) =>
        _sessions.TryGetValue(hello.SessionId, out IDialledSession? session) && session.ChannelSecret.Is(hello.ChannelSecret) ? session : null;
}
