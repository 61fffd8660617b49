using Microsoft.AspNetCore.Authorization;
using Rabbit.Persistence.Management;

namespace Rabbit.Host.Api.Access;

/// <summary>Who may use a route, by the role of the key. A route that names none of these is an admin's.</summary>
internal static class Allow
{
    /// <summary>Every valid key; what a team key sees of it is its team's.</summary>
    public const string AnyKey = "any key";

    /// <summary>Keys that see the whole server.</summary>
    public const string WholeServer = "whole server";

    /// <summary>Keys that may change tokens and sessions: an admin's those of all teams, a team's its own.</summary>
    public const string Manage = "manage";

    /// <summary>Adds the policies, and the one for routes that name none.</summary>
    public static void AddRabbitAuthorization(this IServiceCollection services) => services.AddAuthorizationBuilder()
        .AddPolicy(AnyKey, policy => policy.RequireRole(ApiKeyStore.AdminRole, ApiKeyStore.ReadOnlyRole, ApiKeyStore.TeamRole))
        .AddPolicy(WholeServer, policy => policy.RequireRole(ApiKeyStore.AdminRole, ApiKeyStore.ReadOnlyRole))
        .AddPolicy(Manage, policy => policy.RequireRole(ApiKeyStore.AdminRole, ApiKeyStore.TeamRole))
        .SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireRole(ApiKeyStore.AdminRole).Build());
}
