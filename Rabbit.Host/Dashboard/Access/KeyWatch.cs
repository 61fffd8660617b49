using System.Security.Claims;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server;
using Rabbit.Persistence.Management;
using Rabbit.Tunneling.State;

namespace Rabbit.Host.Dashboard.Access;

/// <summary>Shows somebody out whose key is no longer valid while a page is open.</summary>
internal sealed class KeyWatch(ILoggerFactory logger, ApiKeyStore keys) : RevalidatingServerAuthenticationStateProvider(logger)
{
    /// <inheritdoc/>
    protected override TimeSpan RevalidationInterval => TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    protected override async Task<bool> ValidateAuthenticationStateAsync(
        AuthenticationState authenticationState, CancellationToken cancellationToken)
    {
        try
        {
            return authenticationState.User.FindFirstValue(ClaimTypes.NameIdentifier) is { } keyId
                && await keys.FindValidAsync(keyId, cancellationToken) is not null;
        }
        catch (StoreUnavailableException)
        {
            return true; // An outage of the database is no reason to show somebody out.
        }
    }
}
