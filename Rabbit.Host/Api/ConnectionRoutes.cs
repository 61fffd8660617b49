using System.Net;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Rabbit.Persistence.ConnectionLogs.Reading;
using Rabbit.Persistence.Management;
using Rabbit.Tunneling.State;

namespace Rabbit.Host.Api;

internal sealed record ConnectionQuery(
    [FromQuery(Name = "team_id")] string? TeamId,
    [FromQuery(Name = "token_id")] string? TokenId,
    [FromQuery(Name = "port")] int? Port,
    [FromQuery(Name = "visitor_address")] string? VisitorAddress,
    [FromQuery(Name = "status")] string? Status,
    [FromQuery(Name = "from")] DateTimeOffset? From,
    [FromQuery(Name = "to")] DateTimeOffset? To,
    [FromQuery(Name = "cursor")] string? Cursor,
    [FromQuery(Name = "limit")] int? Limit);

internal sealed record ConnectionSummary(
    Guid Id, string TeamId, string TokenId, Guid? SessionId, int Port, string VisitorAddress, int VisitorPort, DateTimeOffset StartedAt,
    long DurationMs, long BytesFromVisitor, long BytesToVisitor, string Status, string Reason);

/// <summary>A page of connections.</summary>
internal sealed record ConnectionAnswer(bool Success, string Message, IEnumerable<ConnectionSummary> Data, string? Next);

/// <summary>The connection log.</summary>
internal static class ConnectionRoutes
{
    private const int DefaultLimit = 100;

    private static readonly Dictionary<string, ConnectionStatus> Statuses = Enum.GetValues<ConnectionStatus>()
        .ToDictionary(NameOf, status => status, StringComparer.OrdinalIgnoreCase);

    public static void MapConnections(this RouteGroupBuilder api) =>
        api.MapGet("/connections", ListAsync).WithTags("Connections")
            .WithSummary("Lists visitors' connections, newest first; send next as cursor for the page behind, until it is null")
            .ProducesProblem(StatusCodes.Status400BadRequest);

    private static async Task<Results<Ok<ConnectionAnswer>, ProblemHttpResult>> ListAsync(
        [AsParameters] ConnectionQuery query, ConnectionLogReader log, CancellationToken cancellationToken)
    {
        IPAddress? address = null;
        if (query.VisitorAddress is not null && !IPAddress.TryParse(query.VisitorAddress, out address))
            return Problems.Of(StatusCodes.Status400BadRequest, "visitor_address must be an IP address.");
        ConnectionStatus? status = null;
        if (query.Status is not null)
        {
            if (!Statuses.TryGetValue(query.Status, out ConnectionStatus known))
                return Problems.Of(StatusCodes.Status400BadRequest, $"status must be one of {string.Join(", ", Statuses.Keys)}.");
            status = known;
        }
        var filter = new ConnectionLogFilter(query.TeamId, query.TokenId, query.Port, address, status, query.From, query.To);
        ManagementResult<ConnectionLogPage> read = await log.ReadAsync(filter, query.Cursor, query.Limit ?? DefaultLimit, cancellationToken);
        return read.Value is { } page
            ? TypedResults.Ok(new ConnectionAnswer(true, $"{page.Connections.Count} connections", page.Connections.Select(Summarize), page.Next))
            : Problems.Of(read.Error, read.Sentence);
    }

    private static ConnectionSummary Summarize(ConnectionLogEntry entry) => new(
        entry.Id, entry.TeamId, entry.TokenId, entry.SessionId, entry.Port, entry.VisitorAddress, entry.VisitorPort, entry.StartedAt,
        (long)entry.Duration.TotalMilliseconds, entry.BytesFromVisitor, entry.BytesToVisitor, NameOf(entry.Status), entry.Reason);

    private static string NameOf(ConnectionStatus status) => status.ToString().ToLowerInvariant();
}
