using Microsoft.AspNetCore.Http.HttpResults;
using Rabbit.Host.Api.Access;
using Rabbit.Host.Api.Answers;
using Rabbit.Host.Api.Events;
using Rabbit.Persistence.Management;
using Rabbit.Tunneling.Sessions;

namespace Rabbit.Host.Api.Teams;

/// <summary>Teams: the owners of tokens.</summary>
internal static class TeamRoutes
{
    private const string NoSuchTeam = "There is no team with this id; list the teams to find the right one.";

    public static void MapTeams(this RouteGroupBuilder api)
    {
        RouteGroupBuilder teams = api.MapGroup("/teams").WithTags("Teams");
        teams.MapGet("/", ListAsync).WithName("ListTeams").RequireAuthorization(Allow.AnyKey)
            .WithSummary("Lists the teams with their tokens and ports");
        teams.MapPost("/", CreateAsync).WithName("CreateTeam").WithSummary("Makes a team")
            .Answers(StatusCodes.Status409Conflict);
        teams.MapGet("/{teamId}", FindAsync).WithName("GetTeam").RequireAuthorization(Allow.AnyKey)
            .WithSummary("Shows a team with its tokens and ports").Answers(StatusCodes.Status404NotFound);
        teams.MapPatch("/{teamId}", ChangeAsync).WithName("ChangeTeam").WithSummary("Changes a team's name or description")
            .Answers(StatusCodes.Status404NotFound, StatusCodes.Status409Conflict);
        teams.MapDelete("/{teamId}", DeleteAsync).WithName("DeleteTeam")
            .WithSummary("Deletes a team with its tokens and keys; when the answer arrives its clients are disconnected and its ports closed")
            .Answers(StatusCodes.Status404NotFound);
        teams.MapGet("/{teamId}/tokens", ListTokensAsync).WithName("ListTeamTokens").RequireAuthorization(Allow.AnyKey)
            .WithSummary("Lists a team's tokens in short").Answers(StatusCodes.Status404NotFound);
    }

    private static async Task<Ok<Answer<IReadOnlyList<TeamSummary>>>> ListAsync(Caller caller, TeamStore teams, CancellationToken cancellationToken)
    {
        IReadOnlyList<Team> all = await teams.ListAsync(caller.Scope, cancellationToken);
        return TypedResults.Ok(new Answer<IReadOnlyList<TeamSummary>>($"{all.Count} teams", [.. all.Select(TeamSummary.Of)]));
    }

    private static async Task<Results<Created<Answer<TeamSummary>>, ProblemHttpResult>> CreateAsync(
        CreateTeamRequest request, Caller caller, TeamStore teams, ChangeEvents events, CancellationToken cancellationToken)
    {
        ManagementResult<Team> created = await teams.CreateAsync(request.Name, request.Description, caller.Actor, cancellationToken);
        if (created.Value is not { } team)
            return Problems.Of(created.Error, created.Sentence);
        events.TellOfTeam("team.created", team.TeamId, team.TeamName);
        return TypedResults.Created($"/api/v1/teams/{team.TeamId}", new Answer<TeamSummary>("Team created", TeamSummary.Of(team)));
    }

    private static async Task<Results<Ok<Answer<TeamSummary>>, ProblemHttpResult>> FindAsync(
        string teamId, Caller caller, TeamStore teams, CancellationToken cancellationToken) =>
        await teams.FindAsync(caller.Scope, teamId, cancellationToken) is { } team
            ? TypedResults.Ok(new Answer<TeamSummary>("Team", TeamSummary.Of(team)))
            : Problems.NotFound(NoSuchTeam);

    private static async Task<Results<Ok<Answer<TeamSummary>>, ProblemHttpResult>> ChangeAsync(
        string teamId, ChangeTeamRequest request, Caller caller, TeamStore teams, ChangeEvents events, CancellationToken cancellationToken)
    {
        ManagementResult<Team> changed = await teams.UpdateAsync(teamId, request.Name, request.Description, caller.Actor, cancellationToken);
        if (changed.Value is not { } team)
            return Problems.Of(changed.Error, changed.Sentence);
        events.TellOfTeam("team.changed", team.TeamId, team.TeamName);
        return TypedResults.Ok(new Answer<TeamSummary>("Team changed", TeamSummary.Of(team)));
    }

    private static async Task<Results<Ok<Done>, ProblemHttpResult>> DeleteAsync(
        string teamId, Caller caller, TeamStore teams, TunnelRegistry tunnels, ChangeEvents events, CancellationToken cancellationToken)
    {
        ManagementResult<DeletedTeam> deleted = await teams.DeleteAsync(teamId, caller.Actor, cancellationToken);
        if (deleted.Value is not { } gone)
            return Problems.Of(deleted.Error, deleted.Sentence);
        await Task.WhenAll(gone.TokenIds.Select(tunnels.RevokeTokenAsync));
        events.TellOfTeam("team.deleted", teamId, "");
        return TypedResults.Ok(new Done($"Team deleted with {gone.TokenIds.Count} tokens; their clients are disconnected and their ports are closed"));
    }

    private static async Task<Results<Ok<Answer<IReadOnlyList<TokenSummary>>>, ProblemHttpResult>> ListTokensAsync(
        string teamId, Caller caller, TeamStore teams, CancellationToken cancellationToken) =>
        await teams.FindAsync(caller.Scope, teamId, cancellationToken) is { } team
            ? TypedResults.Ok(new Answer<IReadOnlyList<TokenSummary>>($"{team.Tokens.Count} tokens", TeamSummary.Of(team).Tokens))
            : Problems.NotFound(NoSuchTeam);
}
