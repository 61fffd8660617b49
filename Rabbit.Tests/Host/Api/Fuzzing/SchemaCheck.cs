using System.Globalization;
using System.Text.Json;

namespace Rabbit.Tests.Host.Api.Fuzzing;

/// <summary>Holds an answer against its schema: types, formats, choices, required fields, and no others.</summary>
internal static class SchemaCheck
{
    /// <summary>What is wrong, each with its place; empty when it fits.</summary>
    public static IEnumerable<string> Find(ApiDocument document, JsonElement schema, JsonElement value, string at = "$")
    {
        schema = document.Resolve(schema);
        if (value.ValueKind == JsonValueKind.Null)
            return schema.TryGetProperty("nullable", out JsonElement nullable) && nullable.GetBoolean() ? [] : [$"{at} is null"];
        string type = schema.TryGetProperty("type", out JsonElement named) ? named.GetString()! : "object";
        return (type, value.ValueKind) switch
        {
            ("object", JsonValueKind.Object) => FindInObject(document, schema, value, at),
            ("array", JsonValueKind.Array) => value.EnumerateArray().SelectMany((item, i) => Find(document, schema.GetProperty("items"), item, $"{at}[{i}]")),
            ("string", JsonValueKind.String) => FindInText(schema, value.GetString()!, at),
            ("integer", JsonValueKind.Number) => value.TryGetInt64(out _) ? [] : [$"{at} is no integer"],
            ("number", JsonValueKind.Number) or ("boolean", JsonValueKind.True or JsonValueKind.False) => [],
            _ => [$"{at} is {value.ValueKind}, not {type}"],
        };
    }

    private static IEnumerable<string> FindInObject(ApiDocument document, JsonElement schema, JsonElement value, string at)
    {
        JsonElement properties = schema.GetProperty("properties");
        foreach (JsonElement required in schema.GetProperty("required").EnumerateArray())
        {
            if (!value.TryGetProperty(required.GetString()!, out _))
                yield return $"{at} lacks {required}";
        }
        foreach (JsonProperty field in value.EnumerateObject())
        {
            if (!properties.TryGetProperty(field.Name, out JsonElement known))
            {
                yield return $"{at} has {field.Name}";
                continue;
            }
            foreach (string wrong in Find(document, known, field.Value, $"{at}.{field.Name}"))
                yield return wrong;
        }
    }

    private static IEnumerable<string> FindInText(JsonElement schema, string text, string at)
    {
        if (schema.TryGetProperty("enum", out JsonElement choices) && choices.EnumerateArray().All(choice => choice.GetString() != text))
            yield return $"{at} is '{text}'";
        bool fits = (schema.TryGetProperty("format", out JsonElement format) ? format.GetString() : null) switch
        {
            "uuid" => Guid.TryParse(text, out _),
            "date-time" => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out _),
            "date" => DateOnly.TryParseExact(text, "yyyy-MM-dd", out _),
            _ => true,
        };
        if (!fits)
            yield return $"{at} is no {format}: '{text}'";
    }
}
