using Microsoft.AspNetCore.Components.Authorization;
using MudBlazor;
using MudBlazor.Services;
using Rabbit.Host.Api.Connections;
using Rabbit.Host.Dashboard.Access;
using Rabbit.Host.Dashboard.Layout;
using Rabbit.Host.Dashboard.Parts;

namespace Rabbit.Host.Dashboard;

/// <summary>Adds the web dashboard: pages that the server draws and keeps up to date over a WebSocket.</summary>
internal static class DashboardServices
{
    public const string Root = "/dashboard";

    // Long enough for a phone that was in a pocket; a circuit that nobody comes back to is forgotten.
    private static readonly TimeSpan DisconnectedLife = TimeSpan.FromMinutes(3);

    /// <summary>Registers what the dashboard needs.</summary>
    public static void AddRabbitDashboard(this IServiceCollection services)
    {
        services.AddRazorComponents().AddInteractiveServerComponents(circuits =>
        {
            circuits.DisconnectedCircuitRetentionPeriod = DisconnectedLife;
            circuits.DisconnectedCircuitMaxRetained = 50;
        });
        services.AddMudServices(mud =>
        {
            mud.SnackbarConfiguration.PositionClass = Defaults.Classes.Position.BottomCenter;
            mud.SnackbarConfiguration.PreventDuplicates = true;
        });
        // Published files are compressed already. None of these says anything of anybody, so that TLS is no obstacle (CRIME, BREACH).
        services.AddResponseCompression(compression =>
        {
            compression.EnableForHttps = true;
            compression.MimeTypes = ["text/css", "text/javascript", "image/svg+xml"];
        });
        services.AddDashboardAccess();
        services.AddCascadingAuthenticationState();
        services.AddScoped<AuthenticationStateProvider, KeyWatch>();
        services.AddScoped<SignedIn>();
        services.AddScoped<ThemeChoice>();
        services.AddScoped<Acts>();
    }

    /// <summary>Maps the pages, their files, and the way in.</summary>
    public static void MapRabbitDashboard(this WebApplication server)
    {
        server.UseResponseCompression();
        server.UseAntiforgery();
        server.MapStaticAssets().AllowAnonymous().DisableRateLimiting();
        server.MapSignIn();
        server.MapGet($"{Root}/connections.csv", ConnectionRoutes.ExportAsync).RequireAuthorization(DashboardAccess.Policy).ExcludeFromDescription();
        server.MapRazorComponents<App>().AddInteractiveServerRenderMode(circuits => circuits.ContentSecurityFrameAncestorsPolicy = null).RequireAuthorization(DashboardAccess.Policy);
    }
}
