namespace Rabbit.Host.Api.Teams;

/// <summary>A team to be made.</summary>
/// <param name="Name">1 to 100 characters, which no other team's name is.</param>
/// <param name="Description">Up to 1,000 characters.</param>
internal sealed record CreateTeamRequest(string? Name, string? Description);
