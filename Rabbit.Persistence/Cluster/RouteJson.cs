using System.Text.Json;
using System.Text.Json.Serialization;
using Rabbit.Tunneling.Cluster;

namespace Rabbit.Persistence.Cluster;

/// <summary>A route as it stands in Redis: versioned, since nodes of different releases may share one.</summary>
/// <param name="Version">Of this form.</param>
/// <param name="Route">The route.</param>
/// <param name="IsClaim">True until the claim's session is there: nobody is served by it yet.</param>
internal sealed record RouteJson(int Version, TunnelRoute Route, bool IsClaim)
{
    private const int CurrentVersion = 1;
    private const int LongestText = 128;

    /// <summary>The JSON of a route.</summary>
    public static string Write(TunnelRoute route, bool isClaim = false) =>
        JsonSerializer.Serialize(new RouteJson(CurrentVersion, route, isClaim), ClusterJsonContext.Default.RouteJson);

    /// <summary>The route in this JSON, or null when it is not ours or of another version.</summary>
    public static TunnelRoute? Read(string? json)
    {
        if (string.IsNullOrEmpty(json))
            return null;
        try
        {
            return JsonSerializer.Deserialize(json, ClusterJsonContext.Default.RouteJson) is
            {
                Version: CurrentVersion,
                Route: { Epoch: > 0, Port: > 0 and <= ushort.MaxValue, TokenId.Length: > 0 and <= LongestText, Node.Length: > 0 and <= LongestText } route
            } ? route : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>A node's lease as it stands in Redis.</summary>
internal sealed record NodeJson(int Version, ClusterNode Node)
{
    private const int CurrentVersion = 1;

    /// <summary>The JSON of a node.</summary>
    public static string Write(ClusterNode node) =>
        JsonSerializer.Serialize(new NodeJson(CurrentVersion, node), ClusterJsonContext.Default.NodeJson);

    /// <summary>The node in this JSON, or null when it is not ours or of another version.</summary>
    public static ClusterNode? Read(string? json)
    {
        if (string.IsNullOrEmpty(json))
            return null;
        try
        {
            return JsonSerializer.Deserialize(json, ClusterJsonContext.Default.NodeJson) is { Version: CurrentVersion, Node: { } node } ? node : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(RouteJson))]
[JsonSerializable(typeof(NodeJson))]
internal sealed partial class ClusterJsonContext : JsonSerializerContext;
