using Rabbit.Persistence.Management;

namespace Rabbit.Host.Api.Teams;

/// <summary>A team with its tokens.</summary>
/// <param name="TeamId">Its id.</param>
/// <param name="TeamName">Its name, which no other team has.</param>
/// <param name="Description">What it is for.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="Tokens">Its tokens, oldest first.</param>
internal sealed record TeamSummary(string TeamId, string TeamName, string Description, DateTimeOffset CreatedAt, IReadOnlyList<TokenSummary> Tokens)
{
    public static TeamSummary Of(Team team) => new(
        team.TeamId, team.TeamName, team.Description, team.CreatedAt,
        [.. team.Tokens.Select(token => new TokenSummary(
            token.TokenId, token.Name, token.Description, token.Port, token.Protocol, token.CreatedAt, token.LastUsedAt, token.ExpiresAt))]);
}
