using Microsoft.Extensions.Hosting;
using Rabbit.Protocol.Messages;
using Rabbit.Tunneling.ControlPort;
using Rabbit.Tunneling.Sessions;

namespace Rabbit.Tunneling.Authentication;

/// <summary>Ends a tunnel within a second of its token's expiry, and a session of its secret's.</summary>
internal sealed class TokenExpiryWatch(TunnelRegistry registry, TokenAuthenticator authenticator, StandbyClients standbys, KnownAddresses addresses, TimeProvider time)
    : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            DateTimeOffset now = time.GetUtcNow();
            foreach (Tunnel tunnel in registry.Tunnels)
            {
                if (tunnel.Token.IsExpired(now))
                    await registry.EndTokenAsync(tunnel.Token.TokenId, GoAwayReason.Expired);
                else
                    tunnel.EndSessionOfOldSecret();
            }
            standbys.EndExpired(now);
            authenticator.ForgetOld();
            addresses.ForgetOld();
        }
    }
}
