using System.Globalization;
using System.Net.ServerSentEvents;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Rabbit.Host.Api.Access;
using Rabbit.Host.Api.Answers;

namespace Rabbit.Host.Api.Events;

/// <summary>Live events.</summary>
internal static class EventRoutes
{
    public static void MapEvents(this RouteGroupBuilder api) =>
        api.MapGet("/events", Read).WithTags("Events").WithName("ReadEvents").RequireAuthorization(Allow.AnyKey)
            .WithSummary("Sends what happens as it happens, as server-sent events; goes on behind Last-Event-ID where that is not long ago");

    private static Results<ServerSentEventsResult<LiveEvent>, ProblemHttpResult> Read(
        [FromQuery(Name = "types")] string? types, [FromHeader(Name = "Last-Event-ID")] string? lastEventId, Caller caller, EventStream stream,
        HttpContext context, CancellationToken cancellationToken)
    {
        long? after = null;
        if (lastEventId is not null)
        {
            if (!long.TryParse(lastEventId, NumberStyles.None, CultureInfo.InvariantCulture, out long id))
                return Problems.BadRequest("Last-Event-ID must be the id of an event of this route.");
            after = id;
        }
        HashSet<string>? wanted = types?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.Ordinal);
        IAsyncEnumerable<SseItem<LiveEvent>> events = stream.ReadAsync(
            caller.Scope, wanted, after, ApiKeyAuthentication.KeyOf(context.Request)!, cancellationToken);
        return TypedResults.ServerSentEvents(events);
    }
}
