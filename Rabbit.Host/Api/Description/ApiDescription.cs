using Microsoft.OpenApi;

namespace Rabbit.Host.Api.Description;

/// <summary>The API's description (OpenAPI) and the pages that show it.</summary>
internal static class ApiDescription
{
    public static void AddApiDescription(this IServiceCollection services)
    {
        services.AddEndpointsApiExplorer();
        services.AddSwaggerGen(swagger =>
        {
            swagger.SwaggerDoc("v1", new OpenApiInfo
            {
                Title = "Rabbit",
                Version = "v1",
                Description = "Teams, tokens and tunnels of a Rabbit server. Every route but liveness needs a key: 'Authorization: Bearer KEY'.",
            });
            swagger.AddSecurityDefinition("key", new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = "An API key; the first one is in the server's data directory, admin.key.",
            });
            swagger.SupportNonNullableReferenceTypes();
            swagger.IncludeXmlComments(Path.Combine(AppContext.BaseDirectory, "rabbit.xml"));
            swagger.IncludeXmlComments(Path.Combine(AppContext.BaseDirectory, "Rabbit.Tunneling.xml"));
            swagger.IncludeXmlComments(Path.Combine(AppContext.BaseDirectory, "Rabbit.Persistence.xml"));
            swagger.SchemaFilter<ExactObjects>();
            swagger.SchemaFilter<Examples>();
            swagger.OperationFilter<RouteDetails>();
        });
    }

    public static void UseApiDescription(this WebApplication server)
    {
        server.UseSwagger();
        server.UseSwaggerUI(ui =>
        {
            ui.SwaggerEndpoint("/swagger/v1/swagger.json", "Rabbit");
            // The key is typed once in a browser.
            ui.EnablePersistAuthorization();
        });
    }
}
