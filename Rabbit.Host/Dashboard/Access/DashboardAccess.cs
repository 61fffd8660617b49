using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;
using Rabbit.Host.Api.Access;
using Rabbit.Host.Startup;
using Rabbit.Persistence.Management;
using Rabbit.Tunneling.State;

namespace Rabbit.Host.Dashboard.Access;

/// <summary>
/// The dashboard's cookie: it says with which API key somebody has signed in, for as long as that key is valid. It opens the
/// dashboard only; the API takes keys alone, so that no other page can use it through a browser.
/// </summary>
internal static class DashboardAccess
{
    /// <summary>The authentication scheme.</summary>
    public const string Scheme = "dashboard";

    /// <summary>The policy of the dashboard's pages.</summary>
    public const string Policy = "dashboard";

    /// <summary>The type of the claim that says from which address somebody has signed in.</summary>
    public const string AddressClaim = "address";

    private static readonly TimeSpan Life = TimeSpan.FromHours(12);

    public static void AddDashboardAccess(this IServiceCollection services)
    {
        services.AddAuthentication().AddCookie(Scheme, cookie =>
        {
            cookie.LoginPath = $"{DashboardServices.Root}/login";
            cookie.ReturnUrlParameter = SignInRoutes.ReturnParameter;
            cookie.ExpireTimeSpan = Life;
            cookie.SlidingExpiration = true;
            cookie.Cookie.HttpOnly = true;
            cookie.Cookie.SameSite = SameSiteMode.Lax;
            cookie.Cookie.IsEssential = true;
            cookie.Events.OnValidatePrincipal = CheckAsync;
        });
        services.AddOptions<CookieAuthenticationOptions>(Scheme).Configure<IOptions<ApiOptions>>((cookie, api) =>
        {
            bool isSecure = api.Value.IsSecure();
            // RFC 6265bis, 4.1.3.2: a browser lets nobody else set a cookie of this prefix.
            cookie.Cookie.Name = isSecure ? "__Host-rabbit" : "rabbit";
            cookie.Cookie.SecurePolicy = isSecure ? CookieSecurePolicy.Always : CookieSecurePolicy.SameAsRequest;
        });
        services.AddAuthorizationBuilder().AddPolicy(Policy, new AuthorizationPolicyBuilder(Scheme)
            .RequireRole(ApiKeyStore.AdminRole, ApiKeyStore.ReadOnlyRole, ApiKeyStore.TeamRole).Build());
    }

    /// <summary>Who has signed in with a key from an address.</summary>
    public static ClaimsPrincipal Principal(ApiKey key, string address)
    {
        var identity = new ClaimsIdentity(
            [
                new Claim(ClaimTypes.NameIdentifier, key.KeyId), new Claim(ClaimTypes.Name, key.Name), new Claim(ClaimTypes.Role, key.Role),
                new Claim(AddressClaim, address),
            ],
            Scheme);
        if (key.TeamId is { } team)
            identity.AddClaim(new Claim(Caller.TeamClaim, team));
        return new ClaimsPrincipal(identity);
    }

    // An outage of the database is no reason to show somebody out.
    private static async Task CheckAsync(CookieValidatePrincipalContext context)
    {
        ApiKeyStore keys = context.HttpContext.RequestServices.GetRequiredService<ApiKeyStore>();
        try
        {
            if (context.Principal?.FindFirstValue(ClaimTypes.NameIdentifier) is { } keyId
                && await keys.FindValidAsync(keyId, context.HttpContext.RequestAborted) is not null)
            {
                return;
            }
        }
        catch (StoreUnavailableException)
        {
            return;
        }
        context.RejectPrincipal();
        await context.HttpContext.SignOutAsync(Scheme);
    }
}
