using System.Net;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Rabbit.Protocol.Credentials;
using Rabbit.Protocol.Messages;
using Rabbit.Tunneling;
using Rabbit.Tunneling.Authentication;
using Rabbit.Tunneling.State;
using Xunit;

namespace Rabbit.Tests.Tunneling.Authentication;

public sealed class TokenAuthenticatorTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly Tokens _tokens = new();
    private readonly TokenText _text = TokenText.Create();
    private readonly TokenAuthenticator _authenticator;

    public TokenAuthenticatorTests()
    {
        _authenticator = new TokenAuthenticator(_tokens, Options.Create(new TunnelingOptions()), _time);
        _tokens.Row = new TokenRecord(
            _text.Id, "team", "Team", "token", _text.HashSecret(), Port: 10000, ServiceKind.Unknown, ExpiresAt: null, RevokedAt: null, LastEpoch: 0);
    }

    [Fact]
    public async Task Authenticate_StoredToken_IsAccepted() => Assert.Same(_tokens.Row, (await AskAsync()).Token);

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("rbt_000000000000_00000000000000000000000000000000")]
    public async Task Authenticate_MalformedToken_NeverReachesTheDatabase(string text)
    {
        AuthenticationResult result = await _authenticator.AuthenticateAsync(text, IPAddress.Loopback, TestContext.Current.CancellationToken);
        Assert.Equal((RejectCode.InvalidToken, false), (result.Reject.Code, result.Reject.Retryable));
        Assert.Equal(0, _tokens.Asked);
    }

    [Fact]
    public async Task Authenticate_UnknownOrWrongSecret_AreToldTheSame()
    {
        TokenRecord row = _tokens.Row!;
        _tokens.Row = row with { SecretHash = TokenText.Create().HashSecret() };
        AuthenticationResult wrong = await AskAsync();
        _tokens.Row = null;
        AuthenticationResult unknown = await AskAsync();
        Assert.Equal(RejectCode.InvalidToken, wrong.Reject.Code);
        Assert.Equal(wrong.Reject, unknown.Reject);
    }

    [Fact]
    [Trait("Property", "P09")]
    public async Task Authenticate_ExpiredOrRevoked_IsRefusedForGood()
    {
        TokenRecord row = _tokens.Row!;
        _tokens.Row = row with { ExpiresAt = _time.GetUtcNow() };
        Assert.Equal((RejectCode.Expired, false), Said(await AskAsync()));
        _tokens.Row = row with { RevokedAt = _time.GetUtcNow() };
        Assert.Equal((RejectCode.Revoked, false), Said(await AskAsync()));
    }

    [Fact]
    [Trait("Property", "P09")]
    public async Task Withdraw_TokenThatALoginHasAlreadyRead_IsRefused()
    {
        _authenticator.Withdraw(_text.Id);
        Assert.Equal((RejectCode.Revoked, false), Said(await AskAsync()));
        _time.Advance(TimeSpan.FromMinutes(3));
        _authenticator.ForgetOld();
        Assert.NotNull((await AskAsync()).Token); // By then the database decides alone.
    }

    [Fact]
    [Trait("Property", "P36")]
    public async Task Authenticate_DatabaseAway_KnownTokensWorkForAMinuteAndOthersAreAskedToRetry()
    {
        Assert.NotNull((await AskAsync()).Token);
        _tokens.IsAway = true;
        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.NotNull((await AskAsync()).Token);

        // What the cache gave does not prolong itself.
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal((RejectCode.Unavailable, true), Said(await AskAsync()));

        AuthenticationResult never = await _authenticator.AuthenticateAsync(TokenText.Create().Reveal(), IPAddress.Loopback, TestContext.Current.CancellationToken);
        Assert.Equal((RejectCode.Unavailable, true), Said(never));
        Assert.InRange(never.Reject.RetryAfter, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10));
    }

    [Fact]
    [Trait("Property", "P36")]
    public async Task Authenticate_DatabaseAway_DoesNotMakeAWrongSecretRight()
    {
        Assert.NotNull((await AskAsync()).Token);
        _tokens.IsAway = true;
        string forged = TokenText.Create().Reveal();
        forged = $"rbt_{_text.Id}_{forged.Split('_')[2]}";
        AuthenticationResult result = await _authenticator.AuthenticateAsync(forged, IPAddress.Loopback, TestContext.Current.CancellationToken);
        Assert.Equal(RejectCode.InvalidToken, result.Reject.Code);
    }

    [Fact]
    [Trait("Property", "P36")]
    public async Task Authenticate_DatabaseHangs_IsAskedToRetryAfterFiveSeconds()
    {
        _tokens.Hangs = true;
        Task<AuthenticationResult> asking = AskAsync();
        _time.Advance(TimeSpan.FromSeconds(4.9));
        Assert.False(asking.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal((RejectCode.Unavailable, true), Said(await asking));
    }

    [Fact]
    [Trait("Property", "P16")]
    public async Task Authenticate_AfterARotation_TakesBothSecretsForTheOverlapAndThenTheNewOne()
    {
        TokenText rotated = TokenText.CreateFor(_text.Id);
        TokenRecord row = _tokens.Row!;
        _tokens.Row = row with
        {
            SecretHash = rotated.HashSecret(),
            PreviousSecretHash = row.SecretHash,
            PreviousSecretUntil = _time.GetUtcNow() + TimeSpan.FromMinutes(1),
        };
        Assert.NotNull((await AskAsync()).Token);
        Assert.NotNull((await AskAsync(rotated)).Token);
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal((RejectCode.InvalidToken, false), Said(await AskAsync()));
        Assert.NotNull((await AskAsync(rotated)).Token);
    }

    [Theory]
    [InlineData("10.0.0.0/8", "10.200.0.1", true)]
    [InlineData("10.0.0.0/8", "::ffff:10.0.0.1", true)]
    [InlineData("10.0.0.0/8", "11.0.0.1", false)]
    [InlineData("10.0.0.0/8", "2001:db8::1", false)]
    [InlineData("2001:db8::/32", "2001:db8:1::1", true)]
    [InlineData("2001:db8::/32", "10.0.0.1", false)]
    public async Task Authenticate_ClientNetworks_DecideByTheAddress(string network, string address, bool isAllowed)
    {
        Assert.True(NetworkRules.TryRead([network], out NetworkRules rules));
        _tokens.Row = _tokens.Row! with { Rules = TunnelRules.None with { ClientNetworks = rules } };
        AuthenticationResult result = await _authenticator.AuthenticateAsync(
            _text.Reveal(), IPAddress.Parse(address), TestContext.Current.CancellationToken);
        Assert.Equal(isAllowed, result.Token is not null);
        Assert.True(isAllowed || Said(result) == (RejectCode.AddressNotAllowed, true));
    }

    private Task<AuthenticationResult> AskAsync(TokenText text) =>
        _authenticator.AuthenticateAsync(text.Reveal(), IPAddress.Loopback, TestContext.Current.CancellationToken);

    private Task<AuthenticationResult> AskAsync() => _authenticator.AuthenticateAsync(_text.Reveal(), IPAddress.Loopback, TestContext.Current.CancellationToken);

    private static (RejectCode, bool) Said(AuthenticationResult result) => (result.Reject.Code, result.Reject.Retryable);

    /// <summary>A table of one row that can be away, or hang.</summary>
    private sealed class Tokens : ITokenStore
    {
        public TokenRecord? Row { get; set; }

        public bool IsAway { get; set; }

        public bool Hangs { get; set; }

        public int Asked { get; private set; }

        public Task<IReadOnlyList<ChangedToken>> FindChangedAsync(IReadOnlyCollection<KnownToken> known, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task<TokenRecord?> FindTokenAsync(string tokenId, CancellationToken cancellationToken)
        {
            Asked++;
            if (Hangs)
                return new TaskCompletionSource<TokenRecord?>().Task;
            if (IsAway)
                throw new StoreUnavailableException("The database is away.");
            return Task.FromResult(Row?.TokenId == tokenId ? Row : null);
        }
    }
}
