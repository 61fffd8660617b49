using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Rabbit.Protocol.Credentials;
using Rabbit.Protocol.Messages;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.State;

namespace Rabbit.Tunneling.Authentication;

/// <summary>
/// Decides whether a token may open a tunnel. The database is asked first; while it is away, a token that was accepted
/// within <see cref="TunnelingOptions.TokenCacheTime"/> is still known, and any other gets a retryable answer.
/// </summary>
internal sealed class TokenAuthenticator(ITokenStore store, IOptions<TunnelingOptions> options, TimeProvider time)
{
    private static readonly TimeSpan StoreTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan WithdrawalMemory = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan RetryWhenStoreIsAway = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan RetryFromElsewhere = TimeSpan.FromMinutes(1);

    // Compared with when a token is unknown, so that an unknown id takes as long as a wrong secret.
    private static readonly TokenRecord NoToken = new(
        "", "", "", "", RandomNumberGenerator.GetBytes(32), 0, ServiceKind.Unknown, null, null, 0)
    { PreviousSecretHash = RandomNumberGenerator.GetBytes(32) };

    private readonly ConcurrentDictionary<string, (TokenRecord Token, long At)> _known = new();
    private readonly ConcurrentDictionary<string, long> _withdrawn = new();

    /// <summary>Checks a token as a peer at this address sent it.</summary>
    public async Task<AuthenticationResult> AuthenticateAsync(string text, IPAddress address, CancellationToken cancellationToken)
    {
        if (!TokenText.TryParse(text, out TokenText presented))
            return AuthenticationResult.Refuse(RejectCode.InvalidToken, "The token is not valid; copy it again as it was shown when it was created.");

        TokenRecord? token;
        bool isFromStore;
        try
        {
            (token, isFromStore) = await FindAsync(presented.Id, cancellationToken);
        }
        catch (Exception e) when (e is StoreUnavailableException or TimeoutException)
        {
            return AuthenticationResult.RetryLater(
                RejectCode.Unavailable, RetryWhenStoreIsAway, "The server cannot check tokens now because its database does not answer; the client may try again.");
        }

        byte[] secretHash = presented.HashSecret();
        bool matches = (token ?? NoToken).Accepts(secretHash, time.GetUtcNow());
        if (token is null || !matches)
            return AuthenticationResult.Refuse(RejectCode.InvalidToken, "The token is not known here; ask the server's operator for a new one.");
        if (token.RevokedAt is not null || IsWithdrawn(token.TokenId))
            return AuthenticationResult.Refuse(RejectCode.Revoked, Goodbyes.Revoked.Sentence);
        if (token.IsExpired(time.GetUtcNow()))
            return AuthenticationResult.Refuse(RejectCode.Expired, "The token has expired; ask the server's operator for a new one.");
        if (!token.Rules.AllowClient(address))
        {
            return AuthenticationResult.RetryLater(
                RejectCode.AddressNotAllowed, RetryFromElsewhere, "The token may not be used from this address; ask the server's operator to allow its network.");
        }

        if (isFromStore)
            _known[token.TokenId] = (token, time.GetTimestamp());
        return AuthenticationResult.Accept(token, secretHash);
    }

    /// <summary>A token has changed: what was known of it is asked for again.</summary>
    public void Forget(string tokenId) => _known.TryRemove(tokenId, out _);

    /// <summary>Makes a token unacceptable from now on, also for a login that has already read it from the database.</summary>
    public void Withdraw(string tokenId)
    {
        _withdrawn[tokenId] = time.GetTimestamp();
        _known.TryRemove(tokenId, out _);
    }

    /// <summary>True when <see cref="Withdraw"/> was called for this token.</summary>
    public bool IsWithdrawn(string tokenId) => _withdrawn.ContainsKey(tokenId);

    /// <summary>Drops what is too old to matter: withdrawals that every login under way has seen, and look-ups past their time.</summary>
    public void ForgetOld()
    {
        foreach (var (tokenId, at) in _withdrawn)
        {
            if (time.GetElapsedTime(at) > WithdrawalMemory)
                _withdrawn.TryRemove(tokenId, out _);
        }
        foreach (var (tokenId, known) in _known)
        {
            if (time.GetElapsedTime(known.At) > options.Value.TokenCacheTime)
                _known.TryRemove(tokenId, out _);
        }
    }

    private async Task<(TokenRecord? Token, bool IsFromStore)> FindAsync(string tokenId, CancellationToken cancellationToken)
    {
        try
        {
            return (await store.FindTokenAsync(tokenId, cancellationToken).WaitAsync(StoreTimeout, time, cancellationToken), true);
        }
        catch (Exception e) when (e is StoreUnavailableException or TimeoutException
            && _known.TryGetValue(tokenId, out var known)
            && time.GetElapsedTime(known.At) < options.Value.TokenCacheTime)
        {
            return (known.Token, false);
        }
    }
}
