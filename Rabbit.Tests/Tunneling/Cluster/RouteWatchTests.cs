using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Rabbit.Protocol.Messages;
using Rabbit.Protocol.Transport;
using Rabbit.Tests.Persistence;
using Rabbit.Tests.Support;
using Rabbit.Tunneling;
using Rabbit.Tunneling.Cluster;
using Rabbit.Tunneling.Handover;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.State;
using Rabbit.Tunneling.Telemetry;
using Xunit;

namespace Rabbit.Tests.Tunneling.Cluster;

/// <summary>Tunnels of several nodes as one of them has them; the directory and the other nodes' sessions are the test's.</summary>
public sealed class RouteWatchTests : IAsyncLifetime
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    private readonly TestDirectory _directory = new();
    private readonly Stores _stores = new();
    private readonly RemoteSessions _remotes = new();
    private readonly LogLines _log = new();
    private readonly TokenRecord _token = new(
        "token", "team", "Team", "token", new byte[32], ReservedPorts.Take(1), ServiceKind.Other, ExpiresAt: null, RevokedAt: null, LastEpoch: 0);

    private ServiceProvider _services = null!;
    private TunnelRegistry _registry = null!;
    private RouteWatch _watch = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddProvider(_log));
        services.AddOptions<TunnelingOptions>().Configure(options => options.Bind = "127.0.0.1");
        services.AddSingleton<ITunnelDirectory>(_directory);
        services.AddSingleton<IRemoteSessions>(_remotes);
        services.AddSingleton<ITokenStore>(_stores);
        services.AddSingleton<IRevocations, Rabbit.Persistence.Revocations.SilentRevocations>();
        services.AddSingleton<ISessionStore>(_stores);
        services.AddSingleton<ILiveSessionStore>(_stores);
        services.AddSingleton<IConnectionLog>(_stores);
        services.AddRabbitTunneling();
        _services = services.BuildServiceProvider();
        _services.GetRequiredService<AcceptGate>().Open();
        _registry = _services.GetRequiredService<TunnelRegistry>();
        _watch = ActivatorUtilities.CreateInstance<RouteWatch>(_services);
        _stores.Token = _token;
        await _watch.StartAsync(Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        await _watch.StopAsync(CancellationToken.None);
        _watch.Dispose();
        await Task.WhenAll(_registry.Tunnels.Select(tunnel => tunnel.Port.StopAsync()));
        await _services.DisposeAsync();
    }

    [Fact]
    public async Task Route_OfAnotherNode_PortListensHereAndIsServedByIt_UntilItIsGone()
    {
        TunnelRoute route = TestDirectory.RouteOf(_token, 3);
        _directory.Change(_token, route);
        Tunnel tunnel = await LiveAsync(route);
        Assert.True(tunnel.Port.IsBound);
        Assert.Equal(TunnelState.Live, tunnel.State);
        Assert.True(tunnel.Snapshot().IsElsewhere);
        Assert.Null(tunnel.Stored);
        Assert.False(tunnel.Absence.ExpectedFor > TimeSpan.Zero);

        RemoteSession session = Assert.Single(_remotes.Made);
        _directory.Change(_token, null);
        await session.Left.WaitAsync(Soon, Cancellation);
        Assert.Equal(TunnelState.Offline, tunnel.State);
        Assert.True(tunnel.Port.IsBound);
        // The client is on its way to another node: visitors wait for it.
        Assert.InRange(tunnel.Absence.ExpectedFor, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(5));
        Assert.Empty(_stores.Changes);
    }

    [Fact]
    public async Task Route_ChangedToANewerOne_ReplacesTheSession_AndAnOlderOneDoesNot()
    {
        TunnelRoute first = TestDirectory.RouteOf(_token, 3), second = TestDirectory.RouteOf(_token, 5), older = TestDirectory.RouteOf(_token, 4);
        _directory.Change(_token, first);
        Tunnel tunnel = await LiveAsync(first);
        _directory.Change(_token, second);
        await LiveAsync(second);
        Assert.True(_remotes.Made[0].Left.IsCompleted);
        Assert.False(_remotes.Made[1].Left.IsCompleted);
        Assert.False(tunnel.Follow(older, _remotes));
        Assert.True(tunnel.Follow(second, _remotes));
        Assert.Equal(2, _remotes.Made.Count);
    }

    [Fact]
    public async Task Route_NewerThanAnOwnSession_EndsThatAsSuperseded()
    {
        Tunnel tunnel = _registry.GetOrAdd(_token);
        TunnelSession own = Attach(tunnel, claimed: 2);
        TunnelRoute route = TestDirectory.RouteOf(_token, 3);
        _directory.Change(_token, route);
        await LiveAsync(route);
        Assert.Equal([2L], _directory.Released);
        Assert.False(tunnel.Detach(own, SessionEnd.ClientLost));
    }

    [Fact]
    public async Task Ownership_Lost_FencesTheSession_WithoutASuccessorYet()
    {
        Tunnel tunnel = _registry.GetOrAdd(_token);
        TunnelSession own = Attach(tunnel, claimed: 2);
        Assert.Equal(own.Record.SessionId, Assert.Single(_directory.Published).SessionId);
        _directory.IsConfirmed = false;
        _directory.Change(_token, null);
        await Eventually.BecomesAsync(() => tunnel.Session is null, isAway => isAway, Soon, "the session is out of the tunnel");
        Assert.Equal([2L], _directory.Released);
        Assert.True(tunnel.Absence.ExpectedFor > TimeSpan.Zero);
        SessionChange.Ended ended = Assert.Single(_stores.Changes.OfType<SessionChange.Ended>());
        Assert.Equal(("superseded", 2L), (ended.Reason, ended.Epoch));
    }

    [Fact]
    public async Task Attach_OverARemoteSession_TakesTheTunnelOver_AndGoesOnWithTheClientsSession()
    {
        Guid session = Guid.NewGuid();
        TunnelRoute route = TestDirectory.RouteOf(_token, 3, session);
        _directory.Change(_token, route);
        Tunnel tunnel = await LiveAsync(route);
        Assert.True(tunnel.IsOccupiedFor(Client(yield: true)));
        Assert.False(tunnel.IsOccupiedFor(Client(session, yield: true)));

        AttachResult late = tunnel.Attach(_token, default, Client(), claimed: 3);
        Assert.Equal((null, LoginOutcome.Superseded), (late.Session, late.Outcome));
        AttachResult attached = tunnel.Attach(_token, default, Client(session), claimed: 4);
        Assert.Equal((LoginKind.Reconnect, session, 4L), (attached.Kind, attached.Session!.Record.SessionId, attached.Session.Record.Epoch));
        Assert.True(Assert.Single(_remotes.Made).Left.IsCompleted);
        Assert.Equal((4L, "self"), (Assert.Single(_directory.Published).Epoch, Assert.Single(_directory.Published).Node));
    }

    [Fact]
    public async Task Revocation_EndsARemoteSessionToo()
    {
        TunnelRoute route = TestDirectory.RouteOf(_token, 3);
        _directory.Change(_token, route);
        Tunnel tunnel = await LiveAsync(route);
        await _registry.EndTokenAsync(_token.TokenId, GoAwayReason.Revoked);
        Assert.True(Assert.Single(_remotes.Made).Left.IsCompleted);
        Assert.True(_remotes.Made[0].RelaysAborted.IsCancellationRequested || tunnel.RelaysAborted.IsCancellationRequested);
        Assert.True(tunnel.Port.IsStopped);
        // Its route may still be told of for a moment.
        _directory.Change(_token, route with { Epoch = 4 });
        _directory.Change(_token with { TokenId = "barrier" }, null);
        await Eventually.BecomesAsync(() => _directory.Changed.Count, count => count == 0, Soon, "the watch has seen it");
        Assert.Empty(_registry.Tunnels);
    }

    [Fact]
    public async Task Database_AwayWhenARouteComes_TheTokenIsReadLater()
    {
        _stores.Token = null;
        _stores.Failure = new StoreUnavailableException("Away.");
        TunnelRoute route = TestDirectory.RouteOf(_token, 3);
        _directory.Change(_token, route);
        await Eventually.BecomesAsync(() => _stores.Reads, reads => reads > 0, Soon, "the database was asked");
        Assert.Null(_registry.FindTunnel(_token.TokenId));
        (_stores.Token, _stores.Failure) = (_token, null);
        await LiveAsync(route);
    }

    [Fact]
    public void Ended_ByAnOperatorAtAnotherNode_OwnSessionGoes_AndASupersededOneStays()
    {
        Tunnel tunnel = _registry.GetOrAdd(_token);
        TunnelSession own = Attach(tunnel, claimed: 2);
        tunnel.ForgetEnded(new EndedSession(own.Record.SessionId, 2, "superseded"));
        Assert.Same(own, tunnel.Session);
        tunnel.ForgetEnded(new EndedSession(own.Record.SessionId, 1, "closed by an operator: why"));
        Assert.Same(own, tunnel.Session);
        tunnel.ForgetEnded(new EndedSession(own.Record.SessionId, 2, "closed by an operator: why"));
        Assert.Null(tunnel.Session);
        Assert.Equal("closed by an operator: why", Assert.Single(_stores.Changes.OfType<SessionChange.Ended>()).Reason);
    }

    private static ClientDescription Client(Guid lastSession = default, bool yield = false) =>
        new(SessionProtocol.Legacy, "127.0.0.1:1", "", "legacy", 80, lastSession, yield);

    private TunnelSession Attach(Tunnel tunnel, long claimed) => tunnel.Attach(_token, default, Client(), claimed).Session!;

    private Task<Tunnel> LiveAsync(TunnelRoute route) => Eventually.BecomesAsync(
        () => _registry.FindTunnel(_token.TokenId)!, tunnel => tunnel?.Session is RemoteSession { Route: var followed } && followed == route, Soon, $"{route} is followed");

    private sealed class RemoteSessions : IRemoteSessions
    {
        public List<RemoteSession> Made { get; } = [];

        public RemoteSession Create(Tunnel tunnel, TunnelRoute route)
        {
            var session = new Remote(tunnel, route);
            lock (Made)
                Made.Add(session);
            return session;
        }
    }

    private sealed class Remote(Tunnel tunnel, TunnelRoute route) : RemoteSession(
        tunnel, new SessionRecord(
            route.SessionId, route.TokenId, route.Port, route.Epoch, SessionProtocol.Native, "", "", "", 0, route.Node, DateTimeOffset.UnixEpoch), route)
    {
        public override CancellationToken OwnerLost => CancellationToken.None;

        public override ValueTask<(RelayEnd? Channel, ChannelFailure Failure)> TakeChannelAsync() => throw new NotSupportedException();

        public override bool IsForwarded(RelayEnd channel) => throw new NotSupportedException();

        public override void Disown() => throw new NotSupportedException();

        public override void End(SessionEnd end, in GoAway goAway)
        {
        }
    }

    private sealed class Stores : ISessionStore, ILiveSessionStore, IConnectionLog, ITokenStore
    {
        public List<SessionChange> Changes { get; } = [];

        public TokenRecord? Token { get; set; }

        public Exception? Failure { get; set; }

        public int Reads { get; private set; }

        public Task SaveAsync(SessionChange change)
        {
            Changes.Add(change);
            return Task.CompletedTask;
        }

        public Task<TokenRecord?> FindTokenAsync(string tokenId, CancellationToken cancellationToken)
        {
            Reads++;
            return Failure is null ? Task.FromResult(tokenId == Token?.TokenId ? Token : null) : Task.FromException<TokenRecord?>(Failure);
        }

        public Task<IReadOnlyList<ChangedToken>> FindChangedAsync(IReadOnlyCollection<KnownToken> known, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task HeartbeatAsync(IReadOnlyCollection<Guid> liveSessions, TimeSpan sinceLast, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task<IReadOnlyList<Guid>> EndStaleSessionsAsync(TimeSpan staleAfter, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<IReadOnlyList<EndedSession>> FindEndedAsync(IReadOnlyCollection<Guid> sessions, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<IReadOnlyList<RestorableSession>> FindRestorableSessionsAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<IReadOnlyList<RestorableSession>> TakeRestorableSessionsAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        public void Publish(LiveSession session)
        {
        }

        public void Remove(string tokenId, long epoch)
        {
        }

        public void Record(ConnectionLogEntry entry)
        {
        }
    }
}
