using System.Text.Json;
using System.Text.Json.Serialization;

namespace Rabbit.ApiClient;

/// <summary>
/// A client of Rabbit's REST API, written by the build from its description (docs/openapi.json). The caller's
/// <see cref="HttpClient"/> has the server's address as its base address, and sends the API key.
/// </summary>
public partial class RabbitApiClient
{
    // So that an ApiException can tell what the server wrote.
    partial void Initialize() => ReadResponseAsString = true;

    static partial void UpdateJsonSerializerSettings(JsonSerializerOptions settings)
    {
        // What is null in a request is left out, as the API's callers may.
        settings.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        // A null where the description allows none is an ApiException here, not a surprise later.
        settings.RespectNullableAnnotations = true;
    }
}
