using Microsoft.AspNetCore.Http.HttpResults;
using Rabbit.Persistence.Management;
using Rabbit.Tunneling.State;

namespace Rabbit.Host.Api;

internal sealed record Health(bool Success, string Status, string Message, DateTimeOffset Timestamp);

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

    private static async Task<JsonHttpResult<Health>> ReadHealthAsync(StatsStore stats, TimeProvider time, CancellationToken cancellationToken)
    {
        bool reachable;
        try
        {
            reachable = await stats.IsReachableAsync(cancellationToken);
        }
        catch (StoreUnavailableException)
        {
            reachable = false;
        }
        return TypedResults.Json(
            reachable
                ? new Health(true, "healthy", "Rabbit is running", time.GetUtcNow())
                : new Health(false, "degraded", "The database does not answer; tunnels go on, new tokens wait", time.GetUtcNow()),
            statusCode: reachable ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }

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
