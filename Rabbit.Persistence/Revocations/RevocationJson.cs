using System.Text.Json;
using System.Text.Json.Serialization;

namespace Rabbit.Persistence.Revocations;

/// <summary>A revocation as servers tell it to each other: versioned, since servers of different releases may share a Redis.</summary>
internal sealed record RevocationJson(int Version, string TokenId)
{
    private const int CurrentVersion = 1;
    private const int LongestMessage = 1024;
    private const int LongestId = 64;

    /// <summary>The JSON of a revocation.</summary>
    public static byte[] Write(string tokenId) =>
        JsonSerializer.SerializeToUtf8Bytes(new RevocationJson(CurrentVersion, tokenId), RevocationJsonContext.Default.RevocationJson);

    /// <summary>The token that is named, or null when the message is not ours or of another version.</summary>
    public static string? Read(ReadOnlySpan<byte> json)
    {
        if (json.Length > LongestMessage)
            return null;
        try
        {
            return JsonSerializer.Deserialize(json, RevocationJsonContext.Default.RevocationJson) is { Version: CurrentVersion, TokenId: { } id } && IsTokenId(id)
                ? id : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // It goes into a statement's parameter, where PostgreSQL would refuse a zero character and with it all others.
    private static bool IsTokenId(string id) => id.Length is > 0 and <= LongestId && id.All(char.IsAsciiLetterOrDigit);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(RevocationJson))]
internal sealed partial class RevocationJsonContext : JsonSerializerContext;
