using Microsoft.AspNetCore.Http.HttpResults;
using Rabbit.Host.Api.Access;
using Rabbit.Host.Api.Answers;
using Rabbit.Tunneling.Restoration;

namespace Rabbit.Host.Api.Restoration;

/// <summary>What restoration did at the last start, and what has become of it.</summary>
internal static class RestorationRoutes
{
    public static void MapRestoration(this RouteGroupBuilder api)
    {
        RouteGroupBuilder restoration = api.MapGroup("/restoration").WithTags("Restoration").RequireAuthorization(Allow.AnyKey);
        restoration.MapGet("/", List).WithName("ListRestored").WithSummary("Lists what restoration did at the last start");
        restoration.MapGet("/{port:int}", Find).WithName("GetRestored").WithSummary("Tells what restoration did for one port")
            .Answers(StatusCodes.Status404NotFound);
    }

    private static Ok<Answer<IReadOnlyList<RestoredTunnelInfo>>> List(Caller caller, RestoredTunnels tunnels)
    {
        RestoredTunnelInfo[] restored = [.. tunnels.List().Where(tunnel => IsSeenBy(caller, tunnel)).OrderBy(tunnel => tunnel.Port)];
        return TypedResults.Ok(new Answer<IReadOnlyList<RestoredTunnelInfo>>($"{restored.Length} restored tunnels", restored));
    }

    private static Results<Ok<Answer<RestoredTunnelInfo>>, ProblemHttpResult> Find(int port, Caller caller, RestoredTunnels tunnels) =>
        tunnels.GetRestoredTunnelInfo(port) is { } info && IsSeenBy(caller, info)
            ? TypedResults.Ok(new Answer<RestoredTunnelInfo>("Restored tunnel", info))
            : Problems.NotFound("Nothing was restored on this port at the last start.");

    private static bool IsSeenBy(Caller caller, RestoredTunnelInfo tunnel) => caller.Scope is null || tunnel.TeamId == caller.Scope;
}
