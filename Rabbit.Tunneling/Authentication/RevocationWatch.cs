using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Rabbit.Protocol.Messages;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.State;

namespace Rabbit.Tunneling.Authentication;

/// <summary>
/// Ends the tunnels of tokens that were revoked, deleted or shortened elsewhere: by another server or in the database itself.
/// The database alone decides; it is asked about a token when that is announced, and about every token with a tunnel here
/// again and again, since announcements get lost and SQL makes none.
/// </summary>
internal sealed partial class RevocationWatch(
    TunnelRegistry registry, ITokenStore tokens, IRevocations revocations, IOptions<TunnelingOptions> options, TimeProvider time,
    ILogger<RevocationWatch> logger) : BackgroundService
{
    private int _isAway;

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(AskRegularlyAsync(stoppingToken), AskAboutAnnouncedAsync(stoppingToken));

    private async Task AskRegularlyAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.RevocationCheckInterval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            await EndInvalidAsync(WithTunnel(), stoppingToken);
    }

    private async Task AskAboutAnnouncedAsync(CancellationToken stoppingToken)
    {
        while (await revocations.Heard.WaitToReadAsync(stoppingToken))
        {
            // Also those without a tunnel here: a login with one may be under way.
            var announced = new HashSet<string>(StringComparer.Ordinal);
            bool isAnyone = false;
            while (revocations.Heard.TryRead(out Revocation revocation))
            {
                if (revocation.TokenId is { } tokenId)
                    announced.Add(tokenId);
                else
                    isAnyone = true;
            }
            if (isAnyone)
                announced.UnionWith(WithTunnel());
            await EndInvalidAsync(announced, stoppingToken);
        }
    }

    private List<string> WithTunnel() => [.. registry.Tunnels.Select(tunnel => tunnel.Token.TokenId)];

    private async Task EndInvalidAsync(IReadOnlyCollection<string> tokenIds, CancellationToken stoppingToken)
    {
        if (tokenIds.Count == 0)
            return;
        try
        {
            IReadOnlyList<InvalidToken> invalid = await tokens.FindInvalidAsync(tokenIds, stoppingToken);
            if (Interlocked.Exchange(ref _isAway, 0) == 1)
                LogKnownAgain();
            await Task.WhenAll(invalid.Select(token => registry.EndTokenAsync(token.TokenId, token.IsExpired ? GoAwayReason.Expired : GoAwayReason.Revoked)));
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
