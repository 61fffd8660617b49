using Microsoft.OpenApi;
using Rabbit.Host.Api.Answers;
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
        // Of a type parameter the generator does not know that it is never null.
        if (context.Type.IsGenericType && context.Type.GetGenericTypeDefinition() == typeof(Answer<>) && properties["data"] is OpenApiSchema data)
            data.Type &= ~JsonSchemaType.Null;
        if (!context.Type.Name.EndsWith("Request", StringComparison.Ordinal))
            exact.Required = properties.Keys.ToHashSet(StringComparer.Ordinal);
    }
}
