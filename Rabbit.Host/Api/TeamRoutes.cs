using Microsoft.AspNetCore.Http.HttpResults;
using Rabbit.Persistence.Management;
using Rabbit.Tunneling.Sessions;

namespace Rabbit.Host.Api;

internal sealed record CreateTeamRequest(string? Name, string? Description);

internal sealed record TokenSummary(
    string TokenId, string Name, string Description, int Port, string Protocol, DateTimeOffset CreatedAt, DateTimeOffset? LastUsedAt,
    DateTimeOffset? ExpiresAt);

internal sealed record TeamSummary(string TeamId, string TeamName, string Description, DateTimeOffset CreatedAt, IReadOnlyList<TokenSummary> Tokens);

/// <summary>Teams, and the tokens of a team.</summary>
internal static class TeamRoutes
{
    public static void MapTeams(this RouteGroupBuilder api)
    {
        RouteGroupBuilder teams = api.MapGroup("/teams").WithTags("Teams");
        teams.MapGet("/", ListAsync).WithSummary("Lists the teams with their tokens and ports");
        teams.MapPost("/", CreateAsync).WithSummary("Makes a team")
            .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status409Conflict);
        teams.MapGet("/{teamId}/tokens", ListTokensAsync).WithSummary("Lists a team's tokens").ProducesProblem(StatusCodes.Status404NotFound);
        teams.MapDelete("/{teamId}/tokens/{tokenId}", DeleteTokenAsync)
            .WithSummary("Deletes a token; when the answer arrives its client is disconnected and its port closed")
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Ok<Answer<IEnumerable<TeamSummary>>>> ListAsync(TeamStore teams, CancellationToken cancellationToken)
    {
        IReadOnlyList<Team> all = await teams.ListAsync(cancellationToken);
        return TypedResults.Ok(new Answer<IEnumerable<TeamSummary>>($"{all.Count} teams", all.Select(Summarize)));
    }

    private static async Task<Results<Created<Answer<TeamSummary>>, ProblemHttpResult>> CreateAsync(
        CreateTeamRequest request, TeamStore teams, Audit audit, CancellationToken cancellationToken)
    {
        ManagementResult<Team> created = await teams.CreateAsync(request.Name, request.Description, cancellationToken);
        if (created.Value is not { } team)
            return Problems.Of(created.Error, created.Sentence);
        await audit.WriteAsync("team.create", team.TeamId);
        return TypedResults.Created($"/api/v1/teams/{team.TeamId}/tokens", new Answer<TeamSummary>("Team created", Summarize(team)));
    }

    private static async Task<Results<Ok<Answer<IReadOnlyList<TokenSummary>>>, ProblemHttpResult>> ListTokensAsync(
        string teamId, TeamStore teams, CancellationToken cancellationToken) =>
        await teams.FindAsync(teamId, cancellationToken) is { } team
            ? TypedResults.Ok(new Answer<IReadOnlyList<TokenSummary>>($"{team.Tokens.Count} tokens", Summarize(team).Tokens))
            : Problems.Of(StatusCodes.Status404NotFound, "There is no team with this id; list the teams to find the right one.");

    private static async Task<Results<Ok<Done>, ProblemHttpResult>> DeleteTokenAsync(
        string teamId, string tokenId, TokenStore tokens, TunnelRegistry tunnels, Audit audit, CancellationToken cancellationToken)
    {
        if (!await tokens.DeleteAsync(teamId, tokenId, cancellationToken))
            return Problems.Of(StatusCodes.Status404NotFound, "The team has no token with this id; it may have been deleted already.");
        await tunnels.RevokeTokenAsync(tokenId);
        await audit.WriteAsync("token.delete", tokenId);
        return TypedResults.Ok(new Done(true, "Token deleted; its client is disconnected and its port is closed"));
    }

    private static TeamSummary Summarize(Team team) => new(
        team.TeamId, team.TeamName, team.Description, team.CreatedAt,
        [.. team.Tokens.Select(token => new TokenSummary(
            token.TokenId, token.Name, token.Description, token.Port, token.Protocol, token.CreatedAt, token.LastUsedAt, token.ExpiresAt))]);
}
