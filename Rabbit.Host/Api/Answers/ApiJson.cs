using System.Text.Json;
using System.Text.Json.Serialization;

namespace Rabbit.Host.Api.Answers;

/// <summary>How the API writes and reads JSON.</summary>
internal static class ApiJson
{
    public static void Configure(JsonSerializerOptions json)
    {
        json.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        json.DictionaryKeyPolicy = JsonNamingPolicy.SnakeCaseLower;
        json.Converters.Add(new EnumJson());
        // A limit or a network that is misspelt must not be taken for none.
        json.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        json.AllowDuplicateProperties = false;
    }
}
