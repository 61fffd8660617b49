using System.Text.Json;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.OpenApi;
using Rabbit.Persistence.Management;

namespace Rabbit.Host.Api;

/// <summary>Adds the REST API: routes, authentication, problem details, and its description.</summary>
internal static class ApiServices
{
    /// <summary>Registers what the API needs.</summary>
    public static void AddRabbitApi(this IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            json.SerializerOptions.DictionaryKeyPolicy = JsonNamingPolicy.SnakeCaseLower;
        });
        services.AddRoutingCore();
        // Bad requests are answers (see Problems), also where the environment says that this is a developer's machine.
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = false);
        services.AddProblemDetails(problems => problems.CustomizeProblemDetails = Problems.Complete);
        services.AddExceptionHandler<ApiExceptionHandler>();
        services.AddScoped<Audit>();
        services.AddHttpContextAccessor();

        services.AddAuthentication(ApiKeyAuthentication.Scheme)
            .AddScheme<AuthenticationSchemeOptions, ApiKeyAuthentication>(ApiKeyAuthentication.Scheme, null);
        services.AddAuthorizationBuilder()
            .SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireRole(ApiKeyStore.AdminRole).Build());

        services.AddEndpointsApiExplorer();
        services.AddSwaggerGen(swagger =>
        {
            swagger.SwaggerDoc("v1", new OpenApiInfo { Title = "Rabbit", Version = "v1", Description = "Teams, tokens and tunnels of a Rabbit server." });
            swagger.AddSecurityDefinition("key", new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = "An API key; the first one is in the server's data directory, admin.key.",
            });
            swagger.AddSecurityRequirement(document => new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("key", document)] = [] });
        });
    }

    /// <summary>Maps the routes.</summary>
    public static void MapRabbitApi(this WebApplication server)
    {
        server.UseExceptionHandler();
        server.UseStatusCodePages();
        server.UseSwagger();
        server.UseSwaggerUI(ui => ui.SwaggerEndpoint("/swagger/v1/swagger.json", "Rabbit"));
        server.UseAuthentication();
        server.UseAuthorization();

        RouteGroupBuilder api = server.MapGroup("/api/v1").ProducesProblem(StatusCodes.Status401Unauthorized);
        api.MapTeams();
        api.MapTokens();
        api.MapTunnels();
        api.MapConnections();
        api.MapStatus();
        server.MapRoot();
    }
}
