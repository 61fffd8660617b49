using System.Text.Json;
using System.Text.Json.Serialization;

namespace Rabbit.Host.Alerts;

/// <summary>What an operator is told. Its JSON is a promise (docs/health.md): fields are added, and none changes its meaning within a version.</summary>
/// <param name="Type">Of <see cref="AlertTypes"/>.</param>
/// <param name="Timestamp">When it was made.</param>
/// <param name="Data">What it is about.</param>
internal sealed record Alert(string Type, DateTimeOffset Timestamp, Alert.Subject Data)
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>The version of the body's form.</summary>
    [JsonPropertyOrder(-2)]
    public int Version { get; } = 1;

    /// <summary>The same at each attempt and to each receiver.</summary>
    [JsonPropertyOrder(-1)]
    public string Id { get; } = $"alert_{Guid.CreateVersion7():N}";

    /// <summary>What is sent, to the byte.</summary>
    public string ToBody() => JsonSerializer.Serialize(this, Json);

    /// <summary>What an alert is about; null where there is no such thing.</summary>
    /// <param name="Port">The tunnel port.</param>
    /// <param name="TeamId">The team.</param>
    /// <param name="TeamName">The team's name.</param>
    /// <param name="TokenId">The token.</param>
    /// <param name="TokenName">The token's name.</param>
    /// <param name="Since">When that which is told began, or what is over had begun.</param>
    /// <param name="Reason">Why, as the server or the client knows it.</param>
    /// <param name="ExpiresAt">When the token expires.</param>
    /// <param name="Sentence">All of it for people.</param>
    internal sealed record Subject(
        int? Port, string? TeamId, string? TeamName, string? TokenId, string? TokenName, DateTimeOffset? Since, string? Reason,
        DateTimeOffset? ExpiresAt, string Sentence);
}
