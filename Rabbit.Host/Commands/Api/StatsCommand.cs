using System.CommandLine;
using System.Globalization;
using Rabbit.Host.Display;

namespace Rabbit.Host.Commands.Api;

/// <summary><c>rabbit stats</c>.</summary>
internal static class StatsCommand
{
    private static readonly Option<DateOnly?> From = TypedOption.Day("--from", "First day, UTC (29 days before the last).");
    private static readonly Option<DateOnly?> To = TypedOption.Day("--to", "Last day, UTC (today).");

    public static Command Create()
    {
        Command stats = ApiCommand.Of("stats", "Counts teams, tokens, ports, sessions and today's connections.", [], ShowAsync);
        stats.Subcommands.Add(ApiCommand.Of("daily", "Sums the connections of each team and day, newest day first.", [TeamName.Filter, From, To, ApiCall.Limit], ListDaysAsync));
        ApiFlags.AddTo(stats);
        return stats;
    }

    private static async Task<int> ShowAsync(ApiCall call)
    {
        var stats = await call.Api.GetStatsAsync(call.Cancellation);
        return call.Show(
            stats,
            ("teams", Show.Number(stats.ActiveTeams)), ("tokens", Show.Number(stats.ActiveTokens)), ("ports", Show.Number(stats.PortAssignments)),
            ("sessions", Show.Number(stats.ActiveSessions)), ("connections today", Show.Number(stats.ConnectionsToday)));
    }

    private static async Task<int> ListDaysAsync(ApiCall call)
    {
        string? team = await TeamName.FindAsync(call, TeamName.Filter);
        return await call.ListWholeAsync(
            "No connections ended on these days.",
            async () => (await call.Api.GetDailyStatsAsync(teamId: team, from: call.Get(From), to: call.Get(To), cancellationToken: call.Cancellation)).Data,
            ("DAY", day => day.Day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)),
            ("TEAM ID", day => day.TeamId),
            ("CONNECTIONS", day => Show.Number(day.Connections)),
            ("ERRORS", day => Show.Number(day.Errors)),
            ("TIMEOUTS", day => Show.Number(day.Timeouts)),
            ("REFUSED", day => Show.Number(day.Refused)),
            ("FROM VISITORS", day => Show.Bytes(day.BytesFromVisitor)),
            ("TO VISITORS", day => Show.Bytes(day.BytesToVisitor)),
            ("DURATION", day => Show.Duration(day.DurationMs)));
    }
}
