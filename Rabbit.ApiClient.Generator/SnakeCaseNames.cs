using NJsonSchema;
using NJsonSchema.CodeGeneration;
using NSwag;
using NSwag.CodeGeneration;

namespace Rabbit.ApiClient.Generator;

/// <summary>
/// Names of C# for the API's: the property of <c>team_id</c> is TeamId, the parameter teamId, and that of a header
/// <c>Last-Event-ID</c> lastEventID.
/// </summary>
internal sealed class SnakeCaseNames : IPropertyNameGenerator, IParameterNameGenerator
{
    /// <inheritdoc/>
    public string Generate(JsonSchemaProperty property) => string.Concat(Words(property.Name).Select(Capitalize));

    /// <inheritdoc/>
    public string Generate(OpenApiParameter parameter, IEnumerable<OpenApiParameter> allParameters)
    {
        string[] words = Words(parameter.Name);
        return char.ToLowerInvariant(words[0][0]) + words[0][1..] + string.Concat(words.Skip(1).Select(Capitalize));
    }

    private static string[] Words(string name) => name.Split(['_', '-'], StringSplitOptions.RemoveEmptyEntries);

    private static string Capitalize(string word) => char.ToUpperInvariant(word[0]) + word[1..];
}
