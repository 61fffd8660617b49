using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Rabbit.Host.Api.Access;
using Rabbit.Host.Api.Answers;
using Rabbit.Host.Operations;
using Rabbit.Persistence.Management;
using Rabbit.Tunneling.Sessions;

namespace Rabbit.Host.Api.Sessions;

/// <summary>Tunnels as they stand now with their sessions, and the sessions of a token as stored.</summary>
internal static class SessionRoutes
{
    private const int LongestPage = 1000;
    private const string NoSuchSession = "This server has no tunnel with this session now; list the sessions to find the right one.";

    public static void MapSessions(this RouteGroupBuilder api)
    {
        RouteGroupBuilder sessions = api.MapGroup("/sessions").WithTags("Sessions");
        sessions.MapGet("/", List).WithName("ListSessions").RequireAuthorization(Allow.AnyKey)
            .WithSummary("Lists the tunnels of this server and who serves them, by port").Choice("state", EnumText<TunnelStatus>.Names)
            .Choice("health", EnumText<TunnelHealth>.Names);
        sessions.MapGet("/{sessionId}", Find).WithName("GetSession").RequireAuthorization(Allow.AnyKey)
            .WithSummary("Shows a tunnel by its session").Answers(StatusCodes.Status404NotFound);
        sessions.MapPost("/{sessionId}/close", CloseAsync).WithName("CloseSession").RequireAuthorization(Allow.Manage)
            .WithSummary("Ends a session: its client is told why and may come back after a while, its visitors are disconnected")
            .Answers(StatusCodes.Status404NotFound);
        api.MapGet("/tokens/{tokenId}/sessions", ListStoredAsync).WithTags("Sessions").WithName("ListTokenSessions").RequireAuthorization(Allow.AnyKey)
            .WithSummary("Lists the sessions of a token, also those that have ended, newest first").Answers(StatusCodes.Status404NotFound);
    }

    private static Results<Ok<PageAnswer<TunnelSummary>>, ProblemHttpResult> List(
        [FromQuery(Name = "team_id")] string? teamId, [FromQuery(Name = "port")] int? port, [FromQuery(Name = "state")] string? state,
        [FromQuery(Name = "health")] string? health, [AsParameters] PageQuery page, Caller caller, TunnelRegistry tunnels)
    {
        if (!EnumText<TunnelStatus>.TryRead("state", state, out TunnelStatus? known, out string sentence))
            return Problems.BadRequest(sentence);
        if (!EnumText<TunnelHealth>.TryRead("health", health, out TunnelHealth? wanted, out sentence))
            return Problems.BadRequest(sentence);
        if (page.Most is < 1 or > LongestPage)
            return Problems.BadRequest($"limit must be 1 to {LongestPage}.");
        // The cursor is the last port of the page before.
        int after = 0;
        if (page.Cursor is not null && !int.TryParse(page.Cursor, NumberStyles.None, CultureInfo.InvariantCulture, out after))
            return Problems.BadRequest("The cursor is none of this route's; send what the page before gave as next, or none for the first page.");
        TunnelSnapshot[] found = [.. tunnels.List()
            .Where(tunnel => (caller.Scope is null || tunnel.TeamId == caller.Scope) && (teamId is null || tunnel.TeamId == teamId)
                && (port is null || tunnel.Port == port) && (known is null || tunnel.Status() == known)
                && (wanted is null || tunnel.Health == wanted) && tunnel.Port > after)
            .OrderBy(tunnel => tunnel.Port).Take(page.Most + 1)];
        string? next = found.Length > page.Most ? found[page.Most - 1].Port.ToString(CultureInfo.InvariantCulture) : null;
        return TypedResults.Ok(PageAnswer.Of(new Page<TunnelSnapshot>(found[..Math.Min(found.Length, page.Most)], next), TunnelSummary.Of, "tunnels"));
    }

    private static Results<Ok<Answer<TunnelSummary>>, ProblemHttpResult> Find(Guid sessionId, Caller caller, SessionOperations sessions) =>
        sessions.Find(caller, sessionId) is { } tunnel
            ? TypedResults.Ok(new Answer<TunnelSummary>("Tunnel", TunnelSummary.Of(tunnel)))
            : Problems.NotFound(NoSuchSession);

    private static async Task<Results<Ok<Done>, ProblemHttpResult>> CloseAsync(
        Guid sessionId, CloseSessionRequest request, Caller caller, SessionOperations sessions, CancellationToken cancellationToken)
    {
        string reason = request.Reason?.Trim() ?? "";
        if (reason.Length > SessionOperations.LongestReason)
            return Problems.BadRequest($"The reason is longer than {SessionOperations.LongestReason} characters; shorten it.");
        return await sessions.CloseAsync(caller, sessionId, reason, cancellationToken)
            ? TypedResults.Ok(new Done("Session closed; its client is told why"))
            : Problems.NotFound(NoSuchSession);
    }

    private static async Task<Results<Ok<PageAnswer<SessionSummary>>, ProblemHttpResult>> ListStoredAsync(
        string tokenId, [AsParameters] PageQuery page, Caller caller, SessionHistory history, CancellationToken cancellationToken)
    {
        ManagementResult<Page<StoredSession>> read = await history.ListAsync(caller.Scope, tokenId, page.Cursor, page.Most, cancellationToken);
        return read.Value is { } found
            ? TypedResults.Ok(PageAnswer.Of(found, SessionSummary.Of, "sessions"))
            : Problems.Of(read.Error, read.Sentence);
    }
}
