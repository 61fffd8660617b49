using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Rabbit.Host.Api.Access;
using Rabbit.Host.Api.Answers;
using Rabbit.Persistence.Management;
using Rabbit.Persistence.Statistics;

namespace Rabbit.Host.Api.Statistics;

/// <summary>Counts.</summary>
internal static class StatisticsRoutes
{
    private const int MostDays = 31;
    private const int DefaultDays = 7;

    public static void MapStatistics(this RouteGroupBuilder api)
    {
        RouteGroupBuilder stats = api.MapGroup("/stats").WithTags("Statistics").RequireAuthorization(Allow.AnyKey);
        stats.MapGet("/", ReadAsync).WithName("GetStats").WithSummary("Counts teams, tokens, ports, sessions and today's connections");
        stats.MapGet("/daily", ReadDailyAsync).WithName("GetDailyStats")
            .WithSummary("Sums up the connections that have ended, by team and by the day (UTC) on which they began, newest day first");
    }

    private static async Task<Ok<Persistence.Management.Statistics>> ReadAsync(Caller caller, StatsStore stats, CancellationToken cancellationToken) =>
        TypedResults.Ok(await stats.ReadAsync(caller.Scope, cancellationToken));

    private static async Task<Results<Ok<Answer<IReadOnlyList<DaySummary>>>, ProblemHttpResult>> ReadDailyAsync(
        [FromQuery(Name = "team_id")] string? teamId, [FromQuery(Name = "from")] DateOnly? from, [FromQuery(Name = "to")] DateOnly? to, Caller caller,
        DailyStatistics statistics, TimeProvider time, CancellationToken cancellationToken)
    {
        DateOnly last = to ?? DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        DateOnly first = from ?? DateOnly.FromDayNumber(Math.Max(0, last.DayNumber - (DefaultDays - 1)));
        if (first > last || last.DayNumber - first.DayNumber >= MostDays)
            return Problems.BadRequest($"from and to must be days, such as 2026-01-31, at most {MostDays} in all and the earlier first.");
        IReadOnlyList<TeamDay> days = await statistics.ReadAsync(caller.Scope, teamId, first, last, cancellationToken);
        return TypedResults.Ok(new Answer<IReadOnlyList<DaySummary>>($"{first:yyyy-MM-dd} to {last:yyyy-MM-dd}", [.. days.Select(DaySummary.Of)]));
    }
}
