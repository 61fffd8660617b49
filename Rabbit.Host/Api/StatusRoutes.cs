using Microsoft.AspNetCore.Http.HttpResults;
using Rabbit.Host.Startup;
using Rabbit.Persistence.Database;
using Rabbit.Persistence.Management;

namespace Rabbit.Host.Api;

internal sealed record Health(bool Success, string Status, string Message, DateTimeOffset Timestamp, IReadOnlyList<string> Reasons);

internal sealed record EndpointList(string Service, string Swagger, IReadOnlyList<string> Endpoints);

/// <summary>Health, counts, and what there is.</summary>
internal static class StatusRoutes
{
    public static void MapStatus(this RouteGroupBuilder api)
    {
        api.MapGet("/health", ReadHealthAsync).AllowAnonymous().WithTags("Status").WithSummary("Tells whether the server works; needs no key")
            .Produces<Health>().Produces<Health>(StatusCodes.Status503ServiceUnavailable);
        api.MapGet("/stats", ReadStatsAsync).WithTags("Status").WithSummary("Counts teams, tokens, ports, sessions and today's connections");
    }

    public static void MapRoot(this WebApplication server) =>
        server.MapGet("/", ListEndpoints).AllowAnonymous().WithTags("Status").WithSummary("Lists the endpoints");

    private static async Task<JsonHttpResult<Health>> ReadHealthAsync(
        StateStart state, StoreHealth stores, TimeProvider time, CancellationToken cancellationToken)
    {
        List<string> reasons = [.. (await stores.CheckAsync(cancellationToken)).Select(Describe)];
        if (reasons.Count == 0 && !state.Completed.IsCompleted)
            reasons.Add("The tunnels are not restored yet");
        return reasons.Count == 0
            ? TypedResults.Json(new Health(true, "healthy", "Rabbit is running", time.GetUtcNow(), reasons), statusCode: StatusCodes.Status200OK)
            : TypedResults.Json(
                new Health(false, "degraded", string.Join("; ", reasons), time.GetUtcNow(), reasons), statusCode: StatusCodes.Status503ServiceUnavailable);
    }

    private static string Describe(StoreProblem problem) => problem switch
    {
        StoreProblem.DatabaseNotReady => "The database could not be used at the start; tunnels are restored when it can",
        StoreProblem.DatabaseAway => "The database does not answer; tunnels go on, new tokens wait",
        StoreProblem.DatabaseNotWritable => "The database cannot be written; free some disk space where it is",
        _ => "The connection log's journal cannot be written; free some disk space in the data directory",
    };

    private static async Task<Ok<Statistics>> ReadStatsAsync(StatsStore stats, CancellationToken cancellationToken) =>
        TypedResults.Ok(await stats.ReadAsync(cancellationToken));

    private static Ok<EndpointList> ListEndpoints(EndpointDataSource endpoints) => TypedResults.Ok(new EndpointList(
        "rabbit", "/swagger",
        [.. endpoints.Endpoints.OfType<RouteEndpoint>()
            .SelectMany(endpoint => (endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? []).Select(
                method => $"{method} {endpoint.RoutePattern.RawText!.TrimEnd('/')}"))
            .Where(line => line.Contains("/api/", StringComparison.Ordinal))
            .Distinct().Order(StringComparer.Ordinal)]));
}
