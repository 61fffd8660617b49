using System.CommandLine;

namespace Rabbit.Host.Commands.Api;

/// <summary>A team by its id or name.</summary>
internal static class TeamName
{
    public static readonly Option<string?> Filter = new("--team") { Description = "Only this team's: its id or name." };

    /// <summary>The team's id; null when none was asked for.</summary>
    public static async Task<string?> FindAsync(ApiCall call, Option<string?> option) =>
        call.Get(option) is { } text ? await FindAsync(call, text) : null;

    /// <exception cref="CommandFailedException">There is no such team, or more than one.</exception>
    public static async Task<string> FindAsync(ApiCall call, string text)
    {
        var teams = (await call.Api.ListTeamsAsync(call.Cancellation)).Data;
        if (teams.Any(team => team.TeamId == text))
            return text;
        string[] ids = [.. teams.Where(team => team.TeamName == text).Select(team => team.TeamId)];
        return ids.Length switch
        {
            1 => ids[0],
            0 => throw new CommandFailedException(ExitCode.Failure, $"There is no team with the id or name '{text}'; 'rabbit team list' shows what there is."),
            _ => throw new CommandFailedException(ExitCode.Failure, $"{ids.Length} teams have the name '{text}'; name one by its id: {string.Join(", ", ids)}."),
        };
    }
}
