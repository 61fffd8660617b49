using System.Text.Json;

namespace Rabbit.Tests.Host.Api.Fuzzing;

/// <summary>A route as the API describes it.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Method">GET and so on.</param>
/// <param name="Path">With its parameters in braces.</param>
/// <param name="Query">Its query parameters and their schemas.</param>
/// <param name="Body">The schema of its body, or null.</param>
/// <param name="Responses">By status.</param>
internal sealed record ApiOperation(
    string Id, HttpMethod Method, string Path, IReadOnlyList<(string Name, JsonElement Schema)> Query, JsonElement? Body,
    IReadOnlyDictionary<int, JsonElement> Responses);

/// <summary>The API's description, as the server under test serves it.</summary>
internal sealed class ApiDocument
{
    private readonly JsonElement _root;

    public ApiDocument(JsonElement root)
    {
        _root = root;
        Operations = [.. root.GetProperty("paths").EnumerateObject().SelectMany(
            path => path.Value.EnumerateObject().Select(operation => Read(path.Name, operation)))];
    }

    public IReadOnlyList<ApiOperation> Operations { get; }

    /// <summary>The schema itself, where this is a reference to one.</summary>
    public JsonElement Resolve(JsonElement schema)
    {
        while (schema.TryGetProperty("$ref", out JsonElement reference))
            schema = _root.GetProperty("components").GetProperty("schemas").GetProperty(reference.GetString()!.Split('/')[^1]);
        return schema;
    }

    private static ApiOperation Read(string path, JsonProperty operation)
    {
        JsonElement value = operation.Value;
        return new ApiOperation(
            value.GetProperty("operationId").GetString()!, HttpMethod.Parse(operation.Name), path,
            value.TryGetProperty("parameters", out JsonElement parameters)
                ? [.. parameters.EnumerateArray().Where(one => one.GetProperty("in").GetString() == "query")
                    .Select(one => (one.GetProperty("name").GetString()!, one.GetProperty("schema")))]
                : [],
            value.TryGetProperty("requestBody", out JsonElement body)
                ? body.GetProperty("content").GetProperty("application/json").GetProperty("schema")
                : null,
            value.GetProperty("responses").EnumerateObject().ToDictionary(response => int.Parse(response.Name, null), response => response.Value));
    }
}
