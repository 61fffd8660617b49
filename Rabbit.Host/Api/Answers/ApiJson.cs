using System.Text.Json;
using System.Text.Json.Serialization;

namespace Rabbit.Host.Api.Answers;

/// <summary>How the API writes and reads JSON.</summary>
internal static class ApiJson
{
    private static readonly JsonStringEnumConverter EnumConverter = new(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false);

    /// <summary>Only what concerns enumerations.</summary>
    public static JsonSerializerOptions Enums { get; } = new() { Converters = { EnumConverter } };

    public static void Configure(JsonSerializerOptions json)
    {
        json.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        json.DictionaryKeyPolicy = JsonNamingPolicy.SnakeCaseLower;
        json.Converters.Add(EnumConverter);
        // A limit or a network that is misspelt must not be taken for none.
        json.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        json.AllowDuplicateProperties = false;
    }
}
