using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Rabbit.Host.Api.Description;

/// <summary>An example for each field and parameter, by its name: the same thing looks the same everywhere.</summary>
internal sealed class Examples : ISchemaFilter
{
    private const string Team = "019ab2c4-5d6e-7f80-9a1b-2c3d4e5f6071";
    private const string Session = "019ab2c4-8e9f-7a0b-8c1d-3e4f5a6b7c8d";
    private const string Time = "2026-01-31T12:00:00+00:00";

    private static readonly Dictionary<string, string> ByName = new(StringComparer.Ordinal)
    {
        ["action"] = "\"token.create\"",
        ["actor"] = "\"admin (k3v9q0x1m2n4)\"",
        ["address"] = "\"203.0.113.7\"",
        ["assigned_at"] = $"\"{Time}\"",
        ["assigned_port"] = "10000",
        ["at"] = $"\"{Time}\"",
        ["bytes_from_visitor"] = "5120",
        ["bytes_from_visitors"] = "5120",
        ["bytes_to_visitor"] = "1048576",
        ["bytes_to_visitors"] = "1048576",
        ["client_address"] = "\"198.51.100.4:51844\"",
        ["client_name"] = "\"db-1\"",
        ["client_networks"] = "[\"198.51.100.0/24\"]",
        ["client_software"] = "\"tunnel-client 0.1.0\"",
        ["connected_at"] = $"\"{Time}\"",
        ["connection_uri"] = "\"rabbit://rbt_k3v9q0x1m2n4_...@tunnel.example.com:9999?fingerprint=...\"",
        ["created_at"] = $"\"{Time}\"",
        ["day"] = "\"2026-01-31\"",
        ["description"] = "\"the reporting database\"",
        ["duration_ms"] = "1500",
        ["epoch"] = "3",
        ["error"] = "\"There is no token with this id; list the tokens to find the right one.\"",
        ["expires_at"] = $"\"{Time}\"",
        ["expires_in_days"] = "90",
        ["from"] = $"\"{Time}\"",
        ["health_reason"] = "\"127.0.0.1:5432 refuses the connection\"",
        ["health_since"] = $"\"{Time}\"",
        ["hold_seconds"] = "30",
        ["key"] = "\"rbk_k3v9q0x1m2n4_...\"",
        ["key_id"] = "\"k3v9q0x1m2n4\"",
        ["last_seen_at"] = $"\"{Time}\"",
        ["last_used_at"] = $"\"{Time}\"",
        ["limit"] = "100",
        ["max_visitors"] = "200",
        ["max_visitors_per_address"] = "20",
        ["name"] = "\"reporting\"",
        ["node"] = "\"tunnel-1\"",
        ["overlap_seconds"] = "86400",
        ["port"] = "10000",
        ["port_range_end"] = "20000",
        ["port_range_start"] = "10000",
        ["protocol"] = "\"tcp\"",
        ["reason"] = "\"maintenance\"",
        ["round_trip_ms"] = "1.5",
        ["session_id"] = $"\"{Session}\"",
        ["started_at"] = $"\"{Time}\"",
        ["subject"] = "\"k3v9q0x1m2n4\"",
        ["team_id"] = $"\"{Team}\"",
        ["team_name"] = "\"platform\"",
        ["timestamp"] = $"\"{Time}\"",
        ["to"] = $"\"{Time}\"",
        ["token"] = "\"rbt_k3v9q0x1m2n4_...\"",
        ["token_id"] = "\"k3v9q0x1m2n4\"",
        ["token_name"] = "\"reporting\"",
        ["visitor_address"] = "\"203.0.113.7\"",
        ["visitor_networks"] = "[\"203.0.113.0/24\", \"2001:db8::/32\"]",
        ["visitor_port"] = "51844",
    };

    /// <summary>The example for a name, or null where it needs none.</summary>
    public static JsonNode? Find(string name) => ByName.TryGetValue(name, out string? json) ? JsonNode.Parse(json) : null;

    /// <inheritdoc/>
    public void Apply(IOpenApiSchema schema, SchemaFilterContext context)
    {
        foreach (var (name, property) in schema.Properties ?? new Dictionary<string, IOpenApiSchema>())
        {
            if (property is OpenApiSchema { Example: null } plain && Fits(plain, Find(name)) is { } example)
                plain.Example = example;
        }
    }

    // The protocol of a version is a number, and that of a port is not.
    private static JsonNode? Fits(OpenApiSchema schema, JsonNode? example) => (example?.GetValueKind(), schema.Type & ~JsonSchemaType.Null) switch
    {
        (System.Text.Json.JsonValueKind.String, JsonSchemaType.String) => example,
        (System.Text.Json.JsonValueKind.Number, JsonSchemaType.Integer or JsonSchemaType.Number) => example,
        (System.Text.Json.JsonValueKind.Array, JsonSchemaType.Array) => example,
        _ => null,
    };
}
