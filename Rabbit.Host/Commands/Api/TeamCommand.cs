using System.CommandLine;
using Rabbit.ApiClient;
using Rabbit.Host.Display;

namespace Rabbit.Host.Commands.Api;

/// <summary><c>rabbit team</c>.</summary>
internal static class TeamCommand
{
    private static readonly Argument<string> Team = new("TEAM") { Description = "Its id or name." };
    private static readonly Argument<string> NewName = new("NAME") { Description = "A name that no other team has." };
    private static readonly Option<string?> Name = new("--name") { Description = "Its new name." };
    private static readonly Option<string?> Description = new("--description") { Description = "What it is for." };

    public static Command Create() => ApiCommand.Group(
        "team", "Teams, which own tokens.",
        ApiCommand.Of("create", "Makes a team.", [NewName, Description], CreateTeamAsync),
        ApiCommand.Of("list", "Lists the teams.", [ApiCall.Limit], ListAsync),
        ApiCommand.Of("show", "Shows a team and its tokens.", [Team], ShowAsync),
        ApiCommand.Of("change", "Changes a team; what is not named stays.", [Team, Name, Description], ChangeAsync),
        ApiCommand.Of("delete", "Deletes a team with its tokens and keys; its tunnels end and its ports close.", [Team, Confirmation.Yes], DeleteAsync));

    private static async Task<int> CreateTeamAsync(ApiCall call)
    {
        var made = (await call.Api.CreateTeamAsync(
            new CreateTeamRequest { Name = call.Get(NewName), Description = call.Get(Description) }, call.Cancellation)).Data;
        return call.Tell(made, $"Made the team '{made.TeamName}' ({made.TeamId}).");
    }

    private static Task<int> ListAsync(ApiCall call) => call.ListWholeAsync(
        "There are no teams; 'rabbit team create NAME' makes one.",
        async () => (await call.Api.ListTeamsAsync(call.Cancellation)).Data,
        ("TEAM", team => team.TeamName),
        ("TEAM ID", team => team.TeamId),
        ("TOKENS", team => Show.Number(team.Tokens.Count)),
        ("CREATED", team => Show.Time(team.CreatedAt)),
        ("DESCRIPTION", team => team.Description));

    private static async Task<int> ShowAsync(ApiCall call)
    {
        string id = await TeamName.FindAsync(call, call.Get(Team));
        var team = (await call.Api.GetTeamAsync(id, call.Cancellation)).Data;
        return call.Show(
            team,
            [
                ("team", team.TeamName), ("id", team.TeamId), ("description", team.Description), ("created", Show.Time(team.CreatedAt)),
                .. team.Tokens.Select(token => ("token", (string?)$"{token.TokenId}  port {Show.Number(token.Port)}  {token.Name}")),
            ]);
    }

    private static async Task<int> ChangeAsync(ApiCall call)
    {
        if ((call.Get(Name) ?? call.Get(Description)) is null)
            throw new CommandFailedException(ExitCode.Usage, "There is nothing to change; give --name or --description.");
        string id = await TeamName.FindAsync(call, call.Get(Team));
        var changed = (await call.Api.ChangeTeamAsync(
            id, new ChangeTeamRequest { Name = call.Get(Name), Description = call.Get(Description) }, call.Cancellation)).Data;
        return call.Tell(changed, $"Changed the team '{changed.TeamName}' ({changed.TeamId}).");
    }

    private static async Task<int> DeleteAsync(ApiCall call)
    {
        Confirmation.Ask(call, $"Delete the team '{call.Get(Team)}' with its tokens and keys, and end its tunnels");
        string id = await TeamName.FindAsync(call, call.Get(Team));
        return call.Tell(await call.Api.DeleteTeamAsync(id, call.Cancellation), $"Deleted the team '{call.Get(Team)}'; its ports are closed.");
    }
}
