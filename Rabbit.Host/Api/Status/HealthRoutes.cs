using Microsoft.AspNetCore.Http.HttpResults;
using Rabbit.Host.Api.Access;

namespace Rabbit.Host.Api.Status;

/// <summary>
/// For load balancers and supervisors. Live: the process answers. Ready: the tunnels are restored; a server that is degraded is
/// ready too, since visitors and clients are served. Health: the two together with what is not well.
/// </summary>
internal static class HealthRoutes
{
    public static void MapHealth(this RouteGroupBuilder api)
    {
        RouteGroupBuilder health = api.MapGroup("/health").WithTags("Status");
        health.MapGet("/", ReadAsync).WithName("GetHealth").AllowAnonymous().WithSummary("Tells whether all is well; needs no key")
            .Produces<Health>().Produces<Health>(StatusCodes.Status503ServiceUnavailable);
        health.MapGet("/live", Live).WithName("GetLiveness").AllowAnonymous().DisableRateLimiting()
            .WithSummary("Answers as long as the process does; needs no key");
        health.MapGet("/ready", ReadReadinessAsync).WithName("GetReadiness").RequireAuthorization(Allow.AnyKey)
            .WithSummary("Tells whether the tunnels are restored, so that visitors and clients are served")
            .Produces<Health>().Produces<Health>(StatusCodes.Status503ServiceUnavailable);
    }

    private static async Task<JsonHttpResult<Health>> ReadAsync(
        ServerHealth health, TimeProvider time, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> reasons = await health.FindReasonsAsync(cancellationToken);
        return reasons.Count == 0
            ? TypedResults.Json(new Health(true, "healthy", "Rabbit is running", time.GetUtcNow(), reasons), statusCode: StatusCodes.Status200OK)
            : TypedResults.Json(
                new Health(false, "degraded", string.Join("; ", reasons), time.GetUtcNow(), reasons), statusCode: StatusCodes.Status503ServiceUnavailable);
    }

    private static Ok<Health> Live(TimeProvider time) => TypedResults.Ok(new Health(true, "live", "Rabbit answers", time.GetUtcNow(), []));

    private static async Task<JsonHttpResult<Health>> ReadReadinessAsync(
        ServerHealth health, TimeProvider time, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> reasons = await health.FindReasonsAsync(cancellationToken);
        bool isReady = health.IsReady;
        return TypedResults.Json(
            new Health(
                isReady, !isReady ? "starting" : reasons.Count == 0 ? "healthy" : "degraded",
                isReady ? "The tunnels are restored" : "The tunnels are not restored yet", time.GetUtcNow(), reasons),
            statusCode: isReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }
}
