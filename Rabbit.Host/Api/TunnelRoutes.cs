using Microsoft.AspNetCore.Http.HttpResults;
using Rabbit.Tunneling.Restoration;
using Rabbit.Tunneling.Sessions;

namespace Rabbit.Host.Api;

internal sealed record TunnelSummary(
    string TokenId, string TeamId, int Port, string State, Guid? SessionId, long Epoch, string? ClientAddress, string? ClientName,
    string? ClientSoftware, DateTimeOffset? ConnectedAt, double? RoundTripMs, int Visitors);

/// <summary>Tunnels as they stand now, and what restoration did at the start.</summary>
internal static class TunnelRoutes
{
    public static void MapTunnels(this RouteGroupBuilder api)
    {
        api.MapGet("/sessions", List).WithTags("Sessions").WithSummary("Lists the tunnels of this server and who serves them");
        RouteGroupBuilder restoration = api.MapGroup("/restoration").WithTags("Restoration");
        restoration.MapGet("/", ListRestored).WithSummary("Lists what restoration did at the last start");
        restoration.MapGet("/{port:int}", FindRestored).WithSummary("Tells what restoration did for one port").ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static Ok<Answer<IEnumerable<TunnelSummary>>> List(TunnelRegistry tunnels)
    {
        IReadOnlyCollection<TunnelSnapshot> all = tunnels.List();
        return TypedResults.Ok(new Answer<IEnumerable<TunnelSummary>>($"{all.Count} tunnels", all.OrderBy(tunnel => tunnel.Port).Select(Summarize)));
    }

    private static Ok<Answer<IReadOnlyCollection<RestoredTunnelInfo>>> ListRestored(RestoredTunnels tunnels) =>
        TypedResults.Ok(new Answer<IReadOnlyCollection<RestoredTunnelInfo>>("Restored tunnels", tunnels.List()));

    private static Results<Ok<Answer<RestoredTunnelInfo>>, ProblemHttpResult> FindRestored(int port, RestoredTunnels tunnels) =>
        tunnels.GetRestoredTunnelInfo(port) is { } info
            ? TypedResults.Ok(new Answer<RestoredTunnelInfo>("Restored tunnel", info))
            : Problems.Of(StatusCodes.Status404NotFound, "Nothing was restored on this port at the last start.");

    private static TunnelSummary Summarize(TunnelSnapshot tunnel) => new(
        tunnel.TokenId, tunnel.TeamId, tunnel.Port, StateName(tunnel.State), tunnel.SessionId, tunnel.Epoch, tunnel.ClientAddress,
        tunnel.ClientName, tunnel.ClientSoftware, tunnel.ConnectedAt, tunnel.RoundTrip?.TotalMilliseconds, tunnel.Visitors);

    private static string StateName(TunnelState state) => state switch
    {
        TunnelState.PortBusy => "port_busy",
        TunnelState.Live => "live",
        TunnelState.Draining => "draining",
        _ => "offline",
    };
}
