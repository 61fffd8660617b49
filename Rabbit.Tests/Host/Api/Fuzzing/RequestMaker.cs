using System.Globalization;
using System.Text.Json;

namespace Rabbit.Tests.Host.Api.Fuzzing;

/// <summary>Makes requests up, by the API's description and against it.</summary>
internal sealed class RequestMaker(ApiDocument document, Random random, IReadOnlyDictionary<string, IReadOnlyList<string>> ids)
{
    private static readonly string[] Texts =
    [
        "", " ", "a", "default", "' OR '1'='1", "'; DROP TABLE teams; --", "\"", "\\", "%", "%s%n", "{0}", "<b>&", "\0", "a\0b", "\n", "\r\n", "\t", "\u001b[31m",
        "\u202e", "\u2028", "é", "日本語", "😀", "\ud800", "\udc00x", "null", "true", "=1+1", "@x", "-1", "..", "../..", "//", "NaN", "1e999",
        new('x', 101), new('y', 1001), new('z', 5000), "00000000-0000-0000-0000-000000000000", "ffffffffffff",
    ];

    private static readonly string[] Numbers =
    [
        "0", "1", "-1", "2", "100", "1000", "1001", "3600", "3601", "10000", "65535", "65536", "2147483647", "-2147483648", "2147483648", "9223372036854775807",
        "99999999999999999999", "1.5", "1e9", "1e999", "-0", "00", "0x10", "NaN",
    ];

    private static readonly string[] Times =
    [
        "2026-01-31T12:00:00Z", "2026-01-31T12:00:00+14:00", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.9999999Z",
        "9999-12-31T23:59:59-14:00", "1969-12-31T23:59:59Z", "2026-02-30T00:00:00Z", "2026-01-31", "0001-01-01", "9999-12-31", "31.1.2026", "now",
    ];

    private static readonly string[] Networks = ["10.0.0.0/8", "10.1.2.3/8", "127.0.0.1", "::/0", "2001:db8::/129", "1.2.3.4/33", "1.2.3", "x", "0.0.0.0/0", "fe80::1%1/64"];

    private static readonly string[] Bodies = ["", "null", "[]", "5", "\"text\"", "{", "{}", "{\"name\":", "not JSON", "{\"name\":\"a\",\"name\":\"b\"}", "\ufeff{}"];

    private static readonly string[] ContentTypes = ["text/plain", "application/xml", "application/json; charset=utf-16", "multipart/form-data"];

    public FuzzedRequest Next()
    {
        ApiOperation[] operations = [.. document.Operations.Where(operation => operation.Id != "ReadEvents")];
        ApiOperation operation = operations[random.Next(operations.Length)];
        string[] parts = [.. operation.Path.Split('/').Select(part => part.StartsWith('{') ? Uri.EscapeDataString(PathId(operation, part[1..^1])) : part)];
        string path = string.Join('/', parts);
        bool isAstray = parts[1..].Any(part => part.Length == 0 || part.StartsWith('.'));
        if (random.Next(100) == 0)
        {
            path += Pick(["/", "/x", "%00", "%ff", "?", "#", "%2e%2e/"]);
            isAstray = true;
        }
        string query = string.Join('&', operation.Query.Where(_ => random.Next(3) == 0).Select(
            parameter => $"{parameter.Name}={Uri.EscapeDataString(QueryValue(parameter.Name, document.Resolve(parameter.Schema)))}"));
        return new FuzzedRequest(
            operation, query.Length > 0 ? $"{path}?{query}" : path, operation.Body is { } body ? Body(document.Resolve(body)) : null,
            random.Next(50) == 0 ? Pick(ContentTypes) : "application/json")
        {
            IsAstray = isAstray,
        };
    }

    // What the test itself needs must survive: what is destroyed is another's.
    private string PathId(ApiOperation operation, string name) =>
        operation.Id is "DeleteTeam" or "RevokeKey" ? Pick(["019ab2c4-5d6e-7f80-9a1b-2c3d4e5f6071", "zzzzzzzzzzzz", Pick(Texts)])
        : random.Next(4) == 0 ? Pick([.. Texts, .. Numbers]) : Pick(ids[name]);

    private string QueryValue(string name, JsonElement schema)
    {
        if (random.Next(2) == 0 && ids.TryGetValue(CamelCase(name), out IReadOnlyList<string>? known))
            return Pick(known);
        if (random.Next(2) == 0 && schema.TryGetProperty("enum", out JsonElement choices))
            return choices[random.Next(choices.GetArrayLength())].GetString()!;
        return Pick(random.Next(4) switch { 0 => Numbers, 1 => Times, _ => Texts });
    }

    private string Body(JsonElement schema)
    {
        if (random.Next(20) == 0)
            return random.Next(20) == 0 ? $"{{\"name\":\"{new string('n', 70_000)}\"}}" : Pick(Bodies);
        IEnumerable<string> fields = schema.GetProperty("properties").EnumerateObject()
            .Where(field => random.Next(4) != 0)
            .Select(field => $"{JsonSerializer.Serialize(field.Name)}:{Value(field.Name, document.Resolve(field.Value))}");
        if (random.Next(30) == 0)
            fields = fields.Append($"{JsonSerializer.Serialize(Pick(Texts).Replace("\ud800", "", StringComparison.Ordinal).Replace("\udc00", "", StringComparison.Ordinal))}:1");
        return $"{{{string.Join(',', fields)}}}";
    }

    private string Value(string name, JsonElement schema)
    {
        if (random.Next(8) == 0)
            return Pick(["null", "true", "[]", "{}", "\"text\"", "7", "[null]", "[[1]]", .. Numbers[..18]]);
        if (schema.TryGetProperty("enum", out JsonElement choices))
            return choices[random.Next(choices.GetArrayLength())].GetRawText();
        if (random.Next(2) == 0 && ids.TryGetValue(CamelCase(name), out IReadOnlyList<string>? known))
            return Quote(Pick(known));
        return schema.GetProperty("type").GetString() switch
        {
            "integer" => Pick(Numbers[..18]),
            "array" => $"[{string.Join(',', Enumerable.Range(0, random.Next(4)).Select(_ => Quote(Pick(random.Next(3) == 0 ? Texts : Networks))))}]",
            "string" when schema.TryGetProperty("format", out _) => Quote(Pick(Times)),
            _ => Quote(random.Next(2) == 0 ? string.Create(CultureInfo.InvariantCulture, $"name {random.Next()}") : Pick(Texts)),
        };
    }

    // Also what is no text, as escapes.
    private static string Quote(string text) => $"\"{string.Concat(text.Select(c => c is >= ' ' and <= '~' and not '"' and not '\\' ? c.ToString() : $"\\u{(int)c:x4}"))}\"";

    private static string CamelCase(string name) => name.Replace("_id", "Id", StringComparison.Ordinal);

    private T Pick<T>(IReadOnlyList<T> values) => values[random.Next(values.Count)];
}
