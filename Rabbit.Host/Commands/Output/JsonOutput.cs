using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Rabbit.Host.Commands.Output;

/// <summary>The option <c>--json</c>: one JSON value on standard output, named as in the API.</summary>
internal static class JsonOutput
{
    private static readonly JsonSerializerOptions Format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
        // For programs and people, not for web pages.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { WriteEveryProperty } },
        WriteIndented = true,
    };

    private static readonly JsonSerializerOptions OneLine = new(Format) { WriteIndented = false };

    public static Option<bool> CreateOption() => new("--json") { Description = "Write JSON." };

    public static void Write<T>(T value) => Console.WriteLine(Text(value));

    public static void WriteLine<T>(T value) => Console.WriteLine(TerminalText.EscapeJson(JsonSerializer.Serialize(value, OneLine)));

    /// <summary>The JSON of a value, over several lines, safe for a terminal.</summary>
    public static string Text<T>(T value) => TerminalText.EscapeJson(JsonSerializer.Serialize(value, Format));

    // The API writes null where there is nothing; types of the client leave it out of requests.
    private static void WriteEveryProperty(JsonTypeInfo type)
    {
        foreach (JsonPropertyInfo property in type.Properties)
            property.ShouldSerialize = (_, _) => true;
    }
}
