using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Rabbit.Persistence.Management;
using Rabbit.Tunneling.State;

namespace Rabbit.Host.Dashboard.Access;

/// <summary>The way in and out: a form of the login page posts the key here; both need the form's antiforgery token.</summary>
internal static class SignInRoutes
{
    /// <summary>The parameter that says where to go afterwards.</summary>
    public const string ReturnParameter = "return";

    /// <summary>The parameter that says why nobody got in.</summary>
    public const string ProblemParameter = "problem";

    public static void MapSignIn(this WebApplication server)
    {
        server.MapPost($"{DashboardServices.Root}/sign-in", SignInAsync).AllowAnonymous().ExcludeFromDescription();
        server.MapPost($"{DashboardServices.Root}/sign-out", SignOutAsync)
            .RequireAuthorization(DashboardAccess.Policy).ExcludeFromDescription();
    }

    private static async Task<RedirectHttpResult> SignInAsync(
        [FromForm(Name = "key")] string? key, [FromForm(Name = ReturnParameter)] string? returnTo, ApiKeyStore keys, HttpContext context,
        CancellationToken cancellationToken)
    {
        string target = IsOurs(returnTo) ? returnTo! : DashboardServices.Root;
        try
        {
            if (await keys.VerifyAsync(key?.Trim() ?? "", cancellationToken) is { } valid)
            {
                string address = context.Connection.RemoteIpAddress?.ToString() ?? "";
                await context.SignInAsync(
                    DashboardAccess.Scheme, DashboardAccess.Principal(valid, address), new AuthenticationProperties { IsPersistent = true });
                return TypedResults.LocalRedirect(target);
            }
            return Again(target, "key");
        }
        catch (StoreUnavailableException)
        {
            return Again(target, "database");
        }
    }

    private static async Task<RedirectHttpResult> SignOutAsync(HttpContext context, [FromForm] IFormCollection form)
    {
        await context.SignOutAsync(DashboardAccess.Scheme);
        return TypedResults.Redirect($"{DashboardServices.Root}/login");
    }

    private static RedirectHttpResult Again(string target, string problem) =>
        TypedResults.Redirect($"{DashboardServices.Root}/login?{ProblemParameter}={problem}&{ReturnParameter}={Uri.EscapeDataString(target)}");

    // A page of the dashboard, and no other server's: "//host" and "/\host" are.
    private static bool IsOurs(string? path) =>
        path is not null && (path == DashboardServices.Root || path.StartsWith($"{DashboardServices.Root}/", StringComparison.Ordinal))
        && !path.Contains('\\', StringComparison.Ordinal);
}
