using System.CommandLine;
using System.Globalization;
using Rabbit.Host.Commands.Output;
using Rabbit.Persistence.Management;

namespace Rabbit.Host.Commands;

/// <summary><c>rabbit database list-teams</c>: teams, their tokens and ports.</summary>
internal static class DatabaseListTeamsCommand
{
    private const string Day = "yyyy-MM-dd";

    public static Command Create()
    {
        Option<bool> json = JsonOutput.CreateOption();
        var command = new Command("list-teams", "Lists the teams with their tokens and ports.") { json };
        command.SetAction((parsed, cancellationToken) => DatabaseCommand.RunAsync(parsed, async stores =>
        {
            await stores.GetRequiredService<DatabaseSchema>().RequireCurrentAsync(cancellationToken);
            IReadOnlyList<Team> teams = await stores.GetRequiredService<TeamStore>().ListAsync(scope: null, cancellationToken);
            if (parsed.GetValue(json))
                JsonOutput.Write(teams);
            else
                new TextTable(["TEAM", "TOKEN", "TOKEN ID", "PORT", "LAST USED", "EXPIRES"]).Write(teams.SelectMany(Rows));
            return ExitCode.Ok;
        }));
        return command;
    }

    private static IEnumerable<string[]> Rows(Team team) => team.Tokens.Count == 0
        ? [[team.TeamName, "", "", "", "", ""]]
        : team.Tokens.Select(token => new[]
        {
            team.TeamName, token.Name, token.TokenId, token.Port.ToString(CultureInfo.InvariantCulture),
            token.LastUsedAt?.ToString(Day, CultureInfo.InvariantCulture) ?? "never", token.ExpiresAt?.ToString(Day, CultureInfo.InvariantCulture) ?? "never",
        });
}
