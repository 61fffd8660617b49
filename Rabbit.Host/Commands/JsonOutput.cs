using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Rabbit.Host.Commands;

/// <summary>The option <c>--json</c>: one JSON value on standard output, named as in the API.</summary>
internal static class JsonOutput
{
    private static readonly JsonSerializerOptions Format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
        // For programs and people, not for web pages.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
    };

    public static Option<bool> CreateOption() => new("--json") { Description = "Write JSON." };

    public static void Write<T>(T value) => Console.WriteLine(JsonSerializer.Serialize(value, Format));
}
