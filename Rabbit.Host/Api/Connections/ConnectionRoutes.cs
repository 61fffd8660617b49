using Microsoft.AspNetCore.Http.HttpResults;
using Rabbit.Host.Api.Access;
using Rabbit.Host.Api.Answers;
using Rabbit.Persistence.ConnectionLogs.Reading;
using Rabbit.Persistence.Management;
using Rabbit.Tunneling.State;

namespace Rabbit.Host.Api.Connections;

/// <summary>The connection log.</summary>
internal static class ConnectionRoutes
{
    public static void MapConnections(this RouteGroupBuilder api)
    {
        RouteGroupBuilder connections = api.MapGroup("/connections").WithTags("Connections").RequireAuthorization(Allow.AnyKey)
            .Choice("status", EnumText<ConnectionStatus>.Names);
        connections.MapGet("/", ListAsync).WithName("ListConnections")
            .WithSummary("Lists visitors' connections, newest first; send next as cursor for the page behind, until it is null");
        connections.MapGet("/export", ExportAsync).WithName("ExportConnections").WithSummary("Writes all of them as CSV (RFC 4180), newest first")
            .Produces<string>(StatusCodes.Status200OK, ConnectionCsv.MediaType);
    }

    private static async Task<Results<Ok<PageAnswer<ConnectionSummary>>, ProblemHttpResult>> ListAsync(
        [AsParameters] ConnectionQuery query, [AsParameters] PageQuery page, Caller caller, ConnectionLogReader log, CancellationToken cancellationToken)
    {
        if (query.ToFilter(caller, out string sentence) is not { } filter)
            return Problems.BadRequest(sentence);
        ManagementResult<ConnectionLogPage> read = await log.ReadAsync(filter, page.Cursor, page.Most, cancellationToken);
        return read.Value is { } found
            ? TypedResults.Ok(PageAnswer.Of(new Page<ConnectionLogEntry>(found.Connections, found.Next), ConnectionSummary.Of, "connections"))
            : Problems.Of(read.Error, read.Sentence);
    }

    /// <summary>Writes all of them as CSV (RFC 4180), newest first</summary>
    public static async Task<Results<PushStreamHttpResult, ProblemHttpResult>> ExportAsync(
        [AsParameters] ConnectionQuery query, Caller caller, ConnectionLogReader log, CancellationToken cancellationToken)
    {
        if (query.ToFilter(caller, out string sentence) is not { } filter)
            return Problems.BadRequest(sentence);
        // Once the answer has begun, there is no way to say what was wrong with the question.
        ManagementResult<ConnectionLogPage> probe = await log.ReadAsync(filter, cursor: null, limit: 1, cancellationToken);
        if (probe.Value is null)
            return Problems.Of(probe.Error, probe.Sentence);
        return TypedResults.Stream(
            output => new ConnectionCsv(log).WriteAsync(filter, output, cancellationToken), ConnectionCsv.MediaType, "connections.csv");
    }
}
