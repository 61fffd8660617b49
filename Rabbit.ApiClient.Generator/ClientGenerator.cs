using NJsonSchema;
using NJsonSchema.CodeGeneration.CSharp;
using NSwag;
using NSwag.CodeGeneration.CSharp;
using NSwag.CodeGeneration.OperationNameGenerators;

namespace Rabbit.ApiClient.Generator;

/// <summary>Writes the client of the API's description in C#.</summary>
internal static class ClientGenerator
{
    /// <summary>The C# of the client for an OpenAPI document.</summary>
    public static async Task<string> GenerateAsync(string description)
    {
        OpenApiDocument document = await OpenApiDocument.FromJsonAsync(description);
        OpenApiOperation[] operations = [.. document.Operations.Select(one => one.Operation)];
        foreach (JsonSchema schema in document.Components.Schemas.Values.Concat(operations.SelectMany(operation => operation.Parameters).Select(parameter => parameter.ActualSchema)))
            OpenEnumerations(schema);
        foreach (OpenApiOperation operation in operations)
            MakeStreams(operation);
        return new CSharpClientGenerator(document, Settings()).GenerateFile();
    }

    private static CSharpClientGeneratorSettings Settings() => new()
    {
        ClassName = "RabbitApiClient",
        OperationNameGenerator = new SingleClientFromOperationIdOperationNameGenerator(),
        ParameterNameGenerator = new SnakeCaseNames(),
        GenerateOptionalParameters = true,
        UseBaseUrl = false,
        ResponseArrayType = "System.Collections.Generic.IReadOnlyList",
        ParameterDateTimeFormat = "O",
        CSharpGeneratorSettings =
        {
            Namespace = "Rabbit.ApiClient",
            PropertyNameGenerator = new SnakeCaseNames(),
            JsonLibrary = CSharpJsonLibrary.SystemTextJson,
            GenerateNullableReferenceTypes = true,
            GenerateOptionalPropertiesAsNullable = true,
            GenerateDataAnnotations = false,
            ArrayType = "System.Collections.Generic.IReadOnlyList",
            ArrayInstanceType = "System.Collections.Generic.List",
            DateType = "System.DateOnly",
        },
    };

    // A value that only a newer server knows must not break a client: enumerations are strings.
    private static void OpenEnumerations(JsonSchema schema)
    {
        schema.Enumeration.Clear();
        foreach (JsonSchemaProperty property in schema.Properties.Values)
        {
            property.Enumeration.Clear();
            property.Item?.Enumeration.Clear();
        }
    }

    // What is not JSON is read as it comes, whatever the description says of its shape.
    private static void MakeStreams(OpenApiOperation operation)
    {
        foreach (var (type, content) in operation.Responses.Values.SelectMany(response => response.Content))
        {
            if (!type.Contains("json", StringComparison.Ordinal))
                content.Schema = new JsonSchema { Type = JsonObjectType.String, Format = JsonFormatStrings.Binary };
        }
    }
}
