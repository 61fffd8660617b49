using System.CommandLine;
using System.Text.Json;
using Rabbit.ApiClient;

namespace Rabbit.Host.Commands.Api;

/// <summary><c>rabbit health</c>: status 0 where all works, 1 where not.</summary>
internal static class HealthCommand
{
    public static Command Create()
    {
        Command health = ApiCommand.Of("health", "Tells whether the server works, without a key: status 0, or 1 with the reasons.", [], RunAsync, needsKey: false);
        ApiFlags.AddTo(health);
        return health;
    }

    private static async Task<int> RunAsync(ApiCall call)
    {
        try
        {
            var health = await call.Api.GetHealthAsync(call.Cancellation);
            return call.Tell(health, $"{health.Status}: {health.Message}");
        }
        catch (ApiException e) when (e.StatusCode == 503 && Read(e.Response) is { } health)
        {
            // The same shape as a healthy answer, and not an error of the API.
            call.Tell(health, $"{health.GetProperty("status")}: {health.GetProperty("message")}");
            return ExitCode.Failure;
        }
    }

    private static JsonElement? Read(string? answer)
    {
        try
        {
            JsonElement health = JsonSerializer.Deserialize<JsonElement>(answer ?? "");
            return health.ValueKind == JsonValueKind.Object && health.TryGetProperty("status", out JsonElement status) && status.ValueKind == JsonValueKind.String
                && health.TryGetProperty("message", out _) ? health : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
