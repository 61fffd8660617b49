using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Rabbit.Host.Api.Description;

/// <summary>Answers hold each of their fields, null or not, and no others; requests may leave any out.</summary>
internal sealed class ExactObjects : ISchemaFilter
{
    /// <inheritdoc/>
    public void Apply(IOpenApiSchema schema, SchemaFilterContext context)
    {
        if (schema is not OpenApiSchema { Properties: { Count: > 0 } properties } exact)
            return;
        exact.AdditionalPropertiesAllowed = false;
        if (!context.Type.Name.EndsWith("Request", StringComparison.Ordinal))
            exact.Required = properties.Keys.ToHashSet(StringComparer.Ordinal);
    }
}
