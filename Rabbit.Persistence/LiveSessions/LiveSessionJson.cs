using System.Text.Json;
using System.Text.Json.Serialization;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.LiveSessions;

/// <summary>Live session data as it stands in Redis: versioned, so that a later server can change it.</summary>
internal sealed record LiveSessionJson(int Version, LiveSession Session)
{
    private const int CurrentVersion = 1;

    /// <summary>The JSON of a session.</summary>
    public static byte[] Write(LiveSession session) =>
        JsonSerializer.SerializeToUtf8Bytes(new LiveSessionJson(CurrentVersion, session), LiveSessionJsonContext.Default.LiveSessionJson);

    /// <summary>The session in this JSON, or null when it is not ours or of another version.</summary>
    public static LiveSession? Read(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, LiveSessionJsonContext.Default.LiveSessionJson) is { Version: CurrentVersion, Session: { } session }
                ? session : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(LiveSessionJson))]
internal sealed partial class LiveSessionJsonContext : JsonSerializerContext;
