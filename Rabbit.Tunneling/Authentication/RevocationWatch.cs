using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Rabbit.Protocol.Messages;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.State;

namespace Rabbit.Tunneling.Authentication;

/// <summary>
/// Ends the tunnels of tokens that were revoked, deleted or shortened elsewhere, by another server or in the database itself, and applies
/// what else was changed of them.
/// The database alone decides; it is asked about a token when that is announced, and about every token with a tunnel here
/// again and again, since announcements get lost and SQL makes none.
/// </summary>
internal sealed partial class RevocationWatch(
    TunnelRegistry registry, ITokenStore tokens, IRevocations revocations, IOptions<TunnelingOptions> options, TimeProvider time,
    ILogger<RevocationWatch> logger) : BackgroundService
{
    // Of a token without a tunnel here: it is only to be read afresh at the next login.
    private const long NoRevision = -1;

    private int _isAway;

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(AskRegularlyAsync(stoppingToken), AskAboutAnnouncedAsync(stoppingToken));

    private async Task AskRegularlyAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.RevocationCheckInterval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            await ApplyAsync(WithTunnel(), stoppingToken);
    }

    private async Task AskAboutAnnouncedAsync(CancellationToken stoppingToken)
    {
        while (await revocations.Heard.WaitToReadAsync(stoppingToken))
        {
            // Also those without a tunnel here: a login with one may be under way.
            var announced = new Dictionary<string, KnownToken>(StringComparer.Ordinal);
            bool isAnyone = false;
            while (revocations.Heard.TryRead(out Revocation revocation))
            {
                if (revocation.TokenId is { } tokenId)
                    announced[tokenId] = new KnownToken(tokenId, NoRevision);
                else
                    isAnyone = true;
            }
            foreach (KnownToken known in WithTunnel().Where(known => isAnyone || announced.ContainsKey(known.TokenId)))
                announced[known.TokenId] = known;
            await ApplyAsync(announced.Values, stoppingToken);
        }
    }

    private List<KnownToken> WithTunnel() =>
        [.. registry.Tunnels.Select(tunnel => tunnel.Token).Concat(registry.StandbyTokens).DistinctBy(token => token.TokenId)
            .Select(token => new KnownToken(token.TokenId, token.Revision))];

    private async Task ApplyAsync(IReadOnlyCollection<KnownToken> known, CancellationToken stoppingToken)
    {
        if (known.Count == 0)
            return;
        try
        {
            IReadOnlyList<ChangedToken> changed = await tokens.FindChangedAsync(known, stoppingToken);
            if (Interlocked.Exchange(ref _isAway, 0) == 1)
                LogKnownAgain();
            await Task.WhenAll(changed.Select(token => token.Fate switch
            {
                TokenFate.Revoked => registry.EndTokenAsync(token.TokenId, GoAwayReason.Revoked),
                TokenFate.Expired => registry.EndTokenAsync(token.TokenId, GoAwayReason.Expired),
                _ => registry.ApplyHereAsync(token.TokenId, stoppingToken),
            }));
        }
        catch (StoreUnavailableException e)
        {
            // A tunnel whose token was announced meanwhile is asked about with all others when the database answers.
            if (Interlocked.Exchange(ref _isAway, 1) == 0)
                LogUnknown(e.Message);
        }
        catch (Exception e) when (!stoppingToken.IsCancellationRequested)
        {
            // A bug in one round must not end the rounds, let alone the server.
            LogFailed(e);
        }
    }

    [LoggerMessage(EventIds.RevocationsUnknown, LogLevel.Warning, "Revocations made elsewhere take effect when the database answers again: {Reason}")]
    private partial void LogUnknown(string reason);

    [LoggerMessage(EventIds.RevocationsKnownAgain, LogLevel.Information, "The database answers again, and says which tokens were revoked")]
    private partial void LogKnownAgain();

    [LoggerMessage(EventIds.RevocationCheckFailed, LogLevel.Error, "Looking for revoked tokens failed")]
    private partial void LogFailed(Exception exception);
}
