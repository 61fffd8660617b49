using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using Rabbit.Host.Api.Access;
using Rabbit.Host.Api.Answers;
using Rabbit.Host.Api.Audits;
using Rabbit.Host.Api.Cluster;
using Rabbit.Host.Api.Connections;
using Rabbit.Host.Api.Description;
using Rabbit.Host.Api.Events;
using Rabbit.Host.Api.Keys;
using Rabbit.Host.Api.Ports;
using Rabbit.Host.Api.Restoration;
using Rabbit.Host.Api.Sessions;
using Rabbit.Host.Api.Settings;
using Rabbit.Host.Api.Statistics;
using Rabbit.Host.Api.Status;
using Rabbit.Host.Api.Teams;
using Rabbit.Host.Api.Tokens;
using Rabbit.Host.Dashboard.Access;
using Rabbit.Host.Operations;
using Rabbit.Host.Startup;

namespace Rabbit.Host.Api;

/// <summary>Adds the REST API: routes, authentication, limits, problem details, and its description.</summary>
internal static class ApiServices
{
    /// <summary>Registers what the API needs.</summary>
    public static void AddRabbitApi(this IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(json => ApiJson.Configure(json.SerializerOptions));
        services.AddRoutingCore();
        // For the sentence that says what could not be read (ApiExceptionHandler).
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        services.AddProblemDetails(problems => problems.CustomizeProblemDetails = Problems.Complete);
        services.AddExceptionHandler<ApiExceptionHandler>();
        services.AddSingleton<ServerStart>();
        services.AddSingleton<ServerHealth>();
        services.AddSingleton<ChangeEvents>();
        services.AddSingleton<EventStream>();
        services.AddSingleton<TokenOperations>();
        services.AddSingleton<SessionOperations>();
        services.AddSingleton<SettingOperations>();
        services.AddSingleton<ClusterOperations>();

        services.AddAuthentication(ApiKeyAuthentication.Scheme)
            .AddScheme<AuthenticationSchemeOptions, ApiKeyAuthentication>(ApiKeyAuthentication.Scheme, null);
        services.AddRabbitAuthorization();
        services.AddRequestLimits();
        services.AddCors();
        services.AddApiDescription();
    }

    /// <summary>Maps the routes.</summary>
    public static void MapRabbitApi(this WebApplication server)
    {
        _ = server.Services.GetRequiredService<ServerStart>();
        server.UsePageHeaders();
        server.UseExceptionHandler();
        server.UseStatusCodePages();
        string[] origins = server.Services.GetRequiredService<IOptions<ApiOptions>>().Value.CorsOrigins();
        if (origins.Length > 0)
            server.UseCors(cors => cors.WithOrigins(origins).AllowAnyHeader().AllowAnyMethod());
        server.UseApiDescription();
        server.UseAuthentication();
        server.UseRateLimiter();
        server.UseAuthorization();

        RouteGroupBuilder api = server.MapGroup("/api/v1");
        api.MapTeams();
        api.MapTokens();
        api.MapPorts();
        api.MapSessions();
        api.MapConnections();
        api.MapRestoration();
        api.MapCluster();
        api.MapStatistics();
        api.MapSettings();
        api.MapKeys();
        api.MapAudit();
        api.MapEvents();
        api.MapHealth();
        api.MapVersion();
        server.MapRoot();
    }
}
