using Microsoft.AspNetCore.Http.HttpResults;
using Rabbit.Host.Api.Access;
using Rabbit.Host.Api.Answers;
using Rabbit.Persistence.Management;
using Rabbit.Tunneling.Sessions;

namespace Rabbit.Host.Api.Ports;

/// <summary>Tunnel ports that are taken.</summary>
internal static class PortRoutes
{
    public static void MapPorts(this RouteGroupBuilder api)
    {
        RouteGroupBuilder ports = api.MapGroup("/ports").WithTags("Ports");
        ports.MapGet("/", ListAsync).WithName("ListPorts").RequireAuthorization(Allow.AnyKey)
            .WithSummary("Lists the tunnel ports that tokens have, and those that rest after their token was deleted");
        ports.MapGet("/{port:int}", FindAsync).WithName("GetPort").RequireAuthorization(Allow.AnyKey)
            .WithSummary("Shows whose a tunnel port is").Answers(StatusCodes.Status404NotFound);
    }

    private static async Task<Results<Ok<PageAnswer<PortSummary>>, ProblemHttpResult>> ListAsync(
        [AsParameters] PageQuery page, Caller caller, PortReader ports, TunnelRegistry tunnels, CancellationToken cancellationToken)
    {
        ManagementResult<Page<AssignedPort>> read = await ports.ListAsync(caller.Scope, page.Cursor, page.Most, cancellationToken);
        return read.Value is { } found
            ? TypedResults.Ok(PageAnswer.Of(found, port => PortSummary.Of(port, tunnels), "ports"))
            : Problems.Of(read.Error, read.Sentence);
    }

    private static async Task<Results<Ok<Answer<PortSummary>>, ProblemHttpResult>> FindAsync(
        int port, Caller caller, PortReader ports, TunnelRegistry tunnels, CancellationToken cancellationToken) =>
        await ports.FindAsync(caller.Scope, port, cancellationToken) is { } found
            ? TypedResults.Ok(new Answer<PortSummary>("Port", PortSummary.Of(found, tunnels)))
            : Problems.NotFound("No token has this port, and it does not rest.");
}
