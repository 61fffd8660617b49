using Microsoft.AspNetCore.Http.HttpResults;
using Rabbit.Host.Api.Access;
using Rabbit.Host.Startup;
using Rabbit.Persistence.Database;

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
        StateStart state, StoreHealth stores, TimeProvider time, CancellationToken cancellationToken)
    {
        List<string> reasons = await FindReasonsAsync(state, stores, cancellationToken);
        return reasons.Count == 0
            ? TypedResults.Json(new Health(true, "healthy", "Rabbit is running", time.GetUtcNow(), reasons), statusCode: StatusCodes.Status200OK)
            : TypedResults.Json(
                new Health(false, "degraded", string.Join("; ", reasons), time.GetUtcNow(), reasons), statusCode: StatusCodes.Status503ServiceUnavailable);
    }

    private static Ok<Health> Live(TimeProvider time) => TypedResults.Ok(new Health(true, "live", "Rabbit answers", time.GetUtcNow(), []));

    private static async Task<JsonHttpResult<Health>> ReadReadinessAsync(
        StateStart state, StoreHealth stores, TimeProvider time, CancellationToken cancellationToken)
    {
        List<string> reasons = await FindReasonsAsync(state, stores, cancellationToken);
        bool isReady = state.Completed.IsCompletedSuccessfully;
        return TypedResults.Json(
            new Health(
                isReady, !isReady ? "starting" : reasons.Count == 0 ? "healthy" : "degraded",
                isReady ? "The tunnels are restored" : "The tunnels are not restored yet", time.GetUtcNow(), reasons),
            statusCode: isReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }

    private static async Task<List<string>> FindReasonsAsync(StateStart state, StoreHealth stores, CancellationToken cancellationToken)
    {
        List<string> reasons = [.. (await stores.CheckAsync(cancellationToken)).Select(Describe)];
        if (reasons.Count == 0 && !state.Completed.IsCompleted)
            reasons.Add("The tunnels are not restored yet");
        return reasons;
    }

    private static string Describe(StoreProblem problem) => problem switch
    {
        StoreProblem.DatabaseNotReady => "The database could not be used at the start; tunnels are restored when it can",
        StoreProblem.DatabaseAway => "The database does not answer; tunnels go on, new tokens wait",
        StoreProblem.DatabaseNotWritable => "The database cannot be written; free some disk space where it is",
        _ => "The connection log's journal cannot be written; free some disk space in the data directory",
    };
}
