namespace Rabbit.Host.Api.Teams;

/// <summary>What is to change of a team; what is absent or null stays.</summary>
/// <param name="Name">1 to 100 characters, which no other team's name is.</param>
/// <param name="Description">Up to 1,000 characters.</param>
internal sealed record ChangeTeamRequest(string? Name, string? Description);
