using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Database;
using Rabbit.Persistence.Model;

namespace Rabbit.Persistence.Management;

/// <summary>A team with its tokens.</summary>
public sealed record Team(string TeamId, string TeamName, string Description, DateTimeOffset CreatedAt, IReadOnlyList<Token> Tokens);

/// <summary>Teams: the owners of tokens.</summary>
public sealed class TeamStore
{
    private readonly RabbitDatabase _database;
    private readonly TimeProvider _time;

    internal TeamStore(RabbitDatabase database, TimeProvider time)
    {
        _database = database;
        _time = time;
    }

    /// <summary>Makes a team; its name must be new.</summary>
    public async Task<ManagementResult<Team>> CreateAsync(string? name, string? description, CancellationToken cancellationToken)
    {
        name = NameRules.Trim(name);
        if ((NameRules.CheckName(name, "team") ?? NameRules.CheckDescription(description)) is { } problem)
            return ManagementResult<Team>.Fail(ManagementError.Invalid, problem);
        var row = new TeamRow
        {
            Id = Guid.CreateVersion7().ToString(),
            Name = name,
            Description = description ?? "",
            CreatedAt = _time.GetUtcNow(),
        };
        try
        {
            await _database.WriteAsync(async context =>
            {
                context.Teams.Add(row);
                await context.SaveChangesAsync(cancellationToken);
            }, cancellationToken);
        }
        catch (DbUpdateException e) when (DatabaseFailure.IsUniqueViolation(e))
        {
            return ManagementResult<Team>.Fail(ManagementError.Conflict, "A team of that name exists already; choose another name.");
        }
        return ManagementResult<Team>.Ok(new Team(row.Id, row.Name, row.Description, row.CreatedAt, []));
    }

    /// <summary>Every team with its tokens and ports, oldest first.</summary>
    public Task<IReadOnlyList<Team>> ListAsync(CancellationToken cancellationToken) =>
        _database.RunAsync(context => ReadAsync(context.Teams, context.Tokens, cancellationToken));

    /// <summary>One team with its tokens, or null.</summary>
    public Task<Team?> FindAsync(string teamId, CancellationToken cancellationToken) => _database.RunAsync(async context => (await ReadAsync(
        context.Teams.Where(team => team.Id == teamId), context.Tokens.Where(token => token.TeamId == teamId), cancellationToken)).SingleOrDefault());

    // No entities, which would have to be put together: half the time at 10,000 tokens.
    private static async Task<IReadOnlyList<Team>> ReadAsync(
        IQueryable<TeamRow> teams, IQueryable<TokenRow> tokens, CancellationToken cancellationToken)
    {
        List<TeamRow> rows = await teams.AsNoTracking().OrderBy(team => team.CreatedAt).ThenBy(team => team.Id).ToListAsync(cancellationToken);
        var tokenRows = await tokens.Select(token => new
        {
            token.Id,
            token.TeamId,
            token.Name,
            token.Description,
            Port = token.PortAssignment == null ? 0 : token.PortAssignment.Port,
            token.Kind,
            token.CreatedAt,
            token.LastUsedAt,
            token.ExpiresAt,
        }).ToListAsync(cancellationToken);
        var byTeam = tokenRows.ToLookup(token => token.TeamId);
        return [.. rows.Select(team => new Team(
            team.Id, team.Name, team.Description, team.CreatedAt,
            [.. byTeam[team.Id].OrderBy(token => token.CreatedAt).ThenBy(token => token.Id, StringComparer.Ordinal).Select(token => new Token(
                token.Id, team.Id, team.Name, token.Name, token.Description, token.Port, PortAssignmentRow.Tcp, token.Kind,
                token.CreatedAt, token.LastUsedAt, token.ExpiresAt))]))];
    }
}
