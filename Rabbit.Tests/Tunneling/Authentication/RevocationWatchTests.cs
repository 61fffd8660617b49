using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Rabbit.Protocol.Messages;
using Rabbit.Tests.Persistence;
using Rabbit.Tests.Support;
using Rabbit.Tunneling;
using Rabbit.Tunneling.Authentication;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.State;
using Xunit;

namespace Rabbit.Tests.Tunneling.Authentication;

/// <summary>Tunnels whose tokens are revoked elsewhere, with the clock and the database in the test's hand.</summary>
[Trait("Property", "P09")]
public sealed class RevocationWatchTests : IAsyncLifetime
{
    private static readonly TimeSpan Interval = new TunnelingOptions().RevocationCheckInterval;

    private readonly FakeTimeProvider _time = new();
    private readonly LogLines _log = new();
    private readonly Database _database = new();
    private readonly Announcements _announcements = new();
    private ServiceProvider _services = null!;
    private TunnelRegistry _registry = null!;
    private TokenAuthenticator _authenticator = null!;
    private RevocationWatch _watch = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddProvider(_log));
        services.AddOptions<TunnelingOptions>();
        services.AddSingleton<TimeProvider>(_time);
        services.AddSingleton<ITokenStore>(_database);
        services.AddSingleton<IRevocations>(_announcements);
        services.AddSingleton<ISessionStore, Nothing>();
        services.AddSingleton<ILiveSessionStore, Nothing>();
        services.AddSingleton<IConnectionLog, Nothing>();
        services.AddRabbitTunneling();
        _services = services.BuildServiceProvider();
        _registry = _services.GetRequiredService<TunnelRegistry>();
        _authenticator = _services.GetRequiredService<TokenAuthenticator>();
        _watch = ActivatorUtilities.CreateInstance<RevocationWatch>(_services);
        await _watch.StartAsync(Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        await _watch.StopAsync(CancellationToken.None);
        _watch.Dispose();
        await _services.DisposeAsync();
    }

    [Fact]
    public async Task Interval_TokenRevokedWithoutAWord_EndsItsTunnelAndNoOther()
    {
        Tunnel revoked = _registry.GetOrAdd(Token("revoked")), valid = _registry.GetOrAdd(Token("valid"));
        Assert.Empty(await NextRoundAsync());
        _database.Invalid.Add(new ChangedToken("revoked", TokenFate.Revoked));
        Assert.Single(await NextRoundAsync());
        await EndedAsync(revoked);
        Assert.True(_authenticator.IsWithdrawn("revoked"));
        Assert.Equal([valid], _registry.Tunnels);
        await Eventually.BecomesAsync(
            NextQuestionAsync, asked => asked is ["valid"], TimeSpan.FromSeconds(30), "only the token that is left is asked about");
    }

    [Fact]
    public async Task Interval_ExpiryMovedForward_EndsTheTunnelAsExpired()
    {
        Tunnel tunnel = _registry.GetOrAdd(Token("shortened"));
        _database.Invalid.Add(new ChangedToken("shortened", TokenFate.Expired));
        await NextRoundAsync();
        await EndedAsync(tunnel);
        Assert.False(_authenticator.IsWithdrawn("shortened")); // Its expiry says it to the next login.
    }

    [Fact]
    public async Task Interval_NoTunnels_DoesNotAskTheDatabase()
    {
        _time.Advance(Interval);
        _time.Advance(Interval);
        _registry.GetOrAdd(Token("first"));
        Assert.Equal(["first"], await NextQuestionAsync());
    }

    [Fact]
    public async Task Announced_RevokedToken_EndsAtOnce_AndOnlyItIsAskedAbout()
    {
        Tunnel tunnel = _registry.GetOrAdd(Token("revoked"));
        _registry.GetOrAdd(Token("valid"));
        _database.Invalid.Add(new ChangedToken("revoked", TokenFate.Revoked));
        _announcements.Say("revoked");
        Assert.Equal(["revoked"], await _database.AskedAsync());
        await EndedAsync(tunnel);
    }

    [Fact]
    public async Task Announced_TokenWhoseLoginIsUnderWay_CannotAttachAnyMore()
    {
        _database.Invalid.Add(new ChangedToken("coming", TokenFate.Revoked));
        _announcements.Say("coming");
        await _database.AskedAsync();
        await BarrierAsync();
        Assert.True(_authenticator.IsWithdrawn("coming"));
    }

    [Fact]
    public async Task Announced_TokenThatTheDatabaseStillHas_KeepsItsTunnel()
    {
        Tunnel tunnel = _registry.GetOrAdd(Token("forged"));
        _announcements.Say("forged");
        await _database.AskedAsync();
        await BarrierAsync();
        Assert.Equal([tunnel], _registry.Tunnels);
        Assert.False(_authenticator.IsWithdrawn("forged"));
    }

    [Fact]
    public async Task Announced_AnyMayHaveBeenMissed_AsksAboutAllAtOnce()
    {
        Tunnel tunnel = _registry.GetOrAdd(Token("missed"));
        _database.Invalid.Add(new ChangedToken("missed", TokenFate.Revoked));
        _announcements.Say(null);
        Assert.Equal(["missed"], await _database.AskedAsync());
        await EndedAsync(tunnel);
    }

    [Fact]
    [Trait("Property", "P36")]
    public async Task Outage_IsOneWarning_AndAfterItEverythingIsFound()
    {
        Tunnel tunnel = _registry.GetOrAdd(Token("revoked"));
        _database.Invalid.Add(new ChangedToken("revoked", TokenFate.Revoked));
        _database.Failure = new StoreUnavailableException("The database is away.");
        for (int round = 0; round < 5; round++)
        {
            await NextQuestionAsync();
            _announcements.Say("revoked");
            await _database.AskedAsync();
        }
        Task told = _log.NextAsync("The database answers again");
        _database.Failure = null;
        await NextQuestionAsync();
        await EndedAsync(tunnel);
        await told.WaitAsync(Cancellation);
        Assert.Single(_log.Lines, line => line.Contains("take effect when the database answers again", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Bug_InOneRound_DoesNotEndTheRounds()
    {
        Tunnel tunnel = _registry.GetOrAdd(Token("revoked"));
        _database.Invalid.Add(new ChangedToken("revoked", TokenFate.Revoked));
        _database.Failure = new InvalidOperationException("A bug.");
        Task told = _log.NextAsync("Looking for revoked tokens failed");
        await NextQuestionAsync();
        await told.WaitAsync(Cancellation);
        _database.Failure = null;
        await NextQuestionAsync();
        await EndedAsync(tunnel);
    }

    [Fact]
    public async Task RevokeToken_TellsTheOtherServers()
    {
        await _registry.RevokeTokenAsync("revoked");
        Assert.Equal(["revoked"], _announcements.Published);
        Assert.True(_authenticator.IsWithdrawn("revoked"));
        await _registry.EndTokenAsync("heard of", GoAwayReason.Revoked);
        Assert.Equal(["revoked"], _announcements.Published);
    }

    private static TokenRecord Token(string id) => new(
        id, "team", "Team", "token", new byte[32], Port: 10000, ServiceKind.Unknown, ExpiresAt: null, RevokedAt: null, LastEpoch: 0);

    // The watch may not have begun to wait for its timer when the clock moves; then the next move does it.
    private async Task<string[]> NextQuestionAsync()
    {
        Task<string[]> asked = _database.AskedAsync();
        while (!asked.IsCompleted)
        {
            _time.Advance(Interval);
            await Task.WhenAny(asked, Task.Run(Thread.Yield, Cancellation));
        }
        return await asked;
    }

    private async Task<ChangedToken[]> NextRoundAsync()
    {
        string[] asked = await NextQuestionAsync();
        return [.. _database.Invalid.Where(token => asked.Contains(token.TokenId))];
    }

    // Announcements are taken one after the other: when the next is asked about, this one is over.
    private async Task BarrierAsync()
    {
        _announcements.Say("barrier");
        while (!(await _database.AskedAsync()).Contains("barrier"))
        {
        }
    }

    private Task<bool> EndedAsync(Tunnel tunnel) => Eventually.BecomesAsync(
        () =>
        {
            _time.Advance(Interval);
            return tunnel.Port.IsStopped;
        }, stopped => stopped, TimeSpan.FromSeconds(30), $"the tunnel of {tunnel.Token.TokenId} has ended");

    private sealed class Database : ITokenStore
    {
        private readonly Channel<string[]> _questions = Channel.CreateUnbounded<string[]>();

        public List<ChangedToken> Invalid { get; } = [];

        public Exception? Failure { get; set; }

        public Task<string[]> AskedAsync() => _questions.Reader.ReadAsync(Cancellation).AsTask();

        public Task<TokenRecord?> FindTokenAsync(string tokenId, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<IReadOnlyList<ChangedToken>> FindChangedAsync(IReadOnlyCollection<KnownToken> known, CancellationToken cancellationToken)
        {
            Exception? failure = Failure;
            string[] tokenIds = [.. known.Select(token => token.TokenId).Order()];
            ChangedToken[] invalid = [.. Invalid.Where(token => tokenIds.Contains(token.TokenId))];
            _questions.Writer.TryWrite(tokenIds);
            return failure is null ? Task.FromResult<IReadOnlyList<ChangedToken>>(invalid) : Task.FromException<IReadOnlyList<ChangedToken>>(failure);
        }
    }

    private sealed class Announcements : IRevocations
    {
        private readonly Channel<Revocation> _heard = Channel.CreateUnbounded<Revocation>();

        public List<string> Published { get; } = [];

        public ChannelReader<Revocation> Heard => _heard.Reader;

        public void Publish(string tokenId) => Published.Add(tokenId);

        public void Say(string? tokenId) => _heard.Writer.TryWrite(new Revocation(tokenId));
    }

    private sealed class Nothing : ISessionStore, ILiveSessionStore, IConnectionLog
    {
        public Task SaveAsync(SessionChange change) => Task.CompletedTask;

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
