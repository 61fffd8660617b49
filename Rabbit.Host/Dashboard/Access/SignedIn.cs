using System.Security.Claims;
using Microsoft.AspNetCore.Components.Authorization;
using Rabbit.Host.Api.Access;
using Rabbit.Persistence.Management;

namespace Rabbit.Host.Dashboard.Access;

/// <summary>Who looks at the dashboard. What it shows is drawn for this caller, and what is done is checked again when it is done.</summary>
internal sealed class SignedIn(AuthenticationStateProvider states, ApiKeyStore keys)
{
    /// <summary>Whose key it is, as it was at the sign-in or the last check.</summary>
    public async Task<Caller> ReadAsync()
    {
        ClaimsPrincipal user = (await states.GetAuthenticationStateAsync()).User;
        return Of(user, user.FindFirstValue(ClaimTypes.Name) ?? "", user.FindFirstValue(Caller.TeamClaim));
    }

    /// <summary>The key's role.</summary>
    public async Task<string> ReadRoleAsync() =>
        (await states.GetAuthenticationStateAsync()).User.FindFirstValue(ClaimTypes.Role) ?? "";

    /// <summary>True when the key may change tokens and sessions that it sees.</summary>
    public async Task<bool> MayManageAsync() => await ReadRoleAsync() is ApiKeyStore.AdminRole or ApiKeyStore.TeamRole;

    /// <summary>For something that is to be done now: the key must be valid at this moment, and have one of these roles.</summary>
    /// <exception cref="NotAllowedException">It is not, or has not.</exception>
    /// <exception cref="Tunneling.State.StoreUnavailableException">The database does not answer.</exception>
    public async Task<Caller> DemandAsync(params string[] roles)
    {
        ClaimsPrincipal user = (await states.GetAuthenticationStateAsync()).User;
        ApiKey? key = user.FindFirstValue(ClaimTypes.NameIdentifier) is { } keyId ? await keys.FindValidAsync(keyId, CancellationToken.None) : null;
        if (key is null)
            throw new NotAllowedException("Your key is no longer valid; sign in with another.");
        if (!roles.Contains(key.Role, StringComparer.Ordinal))
            throw new NotAllowedException("Your key has no right to do that; sign in with one that has.");
        return Of(user, key.Name, key.TeamId);
    }

    private static Caller Of(ClaimsPrincipal user, string name, string? team) => new(
        team, new Actor($"{name} ({user.FindFirstValue(ClaimTypes.NameIdentifier)})", user.FindFirstValue(DashboardAccess.AddressClaim) ?? ""));
}
