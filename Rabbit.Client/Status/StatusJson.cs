using System.Text.Json;
using System.Text.Json.Serialization;
using Rabbit.Protocol.Messages;

namespace Rabbit.Client.Status;

/// <summary>The JSON of a status.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = false,
    Converters = [typeof(Words<TunnelState>), typeof(Words<ServiceState>)])]
[JsonSerializable(typeof(ClientReport))]
[JsonSerializable(typeof(IReadOnlyList<ClientReport>))]
internal sealed partial class StatusJson : JsonSerializerContext
{
    /// <summary>An enum as words with underscores.</summary>
    public sealed class Words<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.SnakeCaseLower)
        where T : struct, Enum;
}
