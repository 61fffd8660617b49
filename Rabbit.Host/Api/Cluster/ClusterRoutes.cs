using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Rabbit.Host.Api.Access;
using Rabbit.Host.Api.Answers;
using Rabbit.Host.Operations;
using Rabbit.Persistence.Management;
using Rabbit.Tunneling.Cluster;

namespace Rabbit.Host.Api.Cluster;

/// <summary>The nodes that share the tunnels, and which of them owns what.</summary>
internal static class ClusterRoutes
{
    private const int LongestPage = 1000;

    public static void MapCluster(this RouteGroupBuilder api)
    {
        RouteGroupBuilder cluster = api.MapGroup("/cluster").WithTags("Cluster");
        cluster.MapGet("/", Read).WithName("GetCluster").RequireAuthorization(Allow.WholeServer)
            .WithSummary("Shows the live nodes of the cluster with their load, and the traffic that crosses between them; of a lone server that it is one");
        cluster.MapGet("/routes", ListRoutes).WithName("ListRoutes").RequireAuthorization(Allow.WholeServer)
            .WithSummary("Lists the tunnels with a client and the nodes that own them, by port");
        cluster.MapPost("/drain", DrainAsync).WithName("DrainNode")
            .WithSummary("Sends the clients of this node to the others; it takes no more, and goes on serving visitors through them")
            .Answers(StatusCodes.Status409Conflict);
    }

    private static Ok<Answer<ClusterSummary>> Read(ClusterOperations cluster)
    {
        var summary = ClusterSummary.Of(cluster.Look());
        return TypedResults.Ok(new Answer<ClusterSummary>(
            summary.Clustered ? string.Create(CultureInfo.InvariantCulture, $"{summary.Nodes.Count} live nodes") : "This is a lone server", summary));
    }

    private static Results<Ok<PageAnswer<RouteSummary>>, ProblemHttpResult> ListRoutes(
        [FromQuery(Name = "node")] string? node, [AsParameters] PageQuery page, ClusterOperations cluster)
    {
        if (page.Most is < 1 or > LongestPage)
            return Problems.BadRequest($"limit must be 1 to {LongestPage}.");
        // The cursor is the last port of the page before.
        int after = 0;
        if (page.Cursor is not null && !int.TryParse(page.Cursor, NumberStyles.None, CultureInfo.InvariantCulture, out after))
            return Problems.BadRequest("The cursor is none of this route's; send what the page before gave as next, or none for the first page.");
        TunnelRoute[] found = [.. cluster.Look().Routes.Where(route => (node is null || route.Node == node) && route.Port > after)
            .OrderBy(route => route.Port).Take(page.Most + 1)];
        string? next = found.Length > page.Most ? found[page.Most - 1].Port.ToString(CultureInfo.InvariantCulture) : null;
        return TypedResults.Ok(PageAnswer.Of(new Page<TunnelRoute>(found[..Math.Min(found.Length, page.Most)], next), RouteSummary.Of, "routes"));
    }

    private static async Task<Results<Ok<Done>, ProblemHttpResult>> DrainAsync(
        DrainNodeRequest request, Caller caller, ClusterOperations cluster, CancellationToken cancellationToken) =>
        await cluster.DrainAsync(caller, request.Node, cancellationToken) is { } sentence
            ? Problems.Of(StatusCodes.Status409Conflict, sentence)
            : TypedResults.Ok(new Done("The node is draining; its clients go to the others"));
}
