using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Database;
using Rabbit.Persistence.Model;

namespace Rabbit.Persistence.Management;

/// <summary>A team with its tokens.</summary>
public sealed record Team(string TeamId, string TeamName, string Description, DateTimeOffset CreatedAt, IReadOnlyList<Token> Tokens);

/// <summary>A team that has been deleted.</summary>
/// <param name="TokenIds">The tokens that were deleted with it.</param>
public sealed record DeletedTeam(IReadOnlyList<string> TokenIds);

/// <summary>Teams: the owners of tokens. A scope is the only team that the caller may see, or null for all.</summary>
public sealed class TeamStore
{
    private const string NoSuchTeam = "There is no team with this id; list the teams to find the right one.";
    private const string NameTaken = "A team of that name exists already; choose another name.";

    private readonly RabbitDatabase _database;
    private readonly TimeProvider _time;

    internal TeamStore(RabbitDatabase database, TimeProvider time)
    {
        _database = database;
        _time = time;
    }

    /// <summary>Makes a team; its name must be new.</summary>
    public async Task<ManagementResult<Team>> CreateAsync(string? name, string? description, Actor actor, CancellationToken cancellationToken)
    {
        name = NameRules.Trim(name);
        if ((NameRules.CheckName(name, "team") ?? NameRules.CheckDescription(description)) is { } problem)
            return Fail(ManagementError.Invalid, problem);
        DateTimeOffset now = _time.GetStoredNow();
        string id = Guid.CreateVersion7().ToString();
        try
        {
            await _database.WriteAsync(async context =>
            {
                context.Teams.Add(new TeamRow { Id = id, Name = name, Description = description ?? "", CreatedAt = now });
                context.AuditLog.Add(AuditLog.Row(actor, "team.create", id, $"name={name}", now));
                await context.SaveChangesAsync(cancellationToken);
            }, cancellationToken);
        }
        catch (DbUpdateException e) when (DatabaseFailure.IsUniqueViolation(e))
        {
            return Fail(ManagementError.Conflict, NameTaken);
        }
        return ManagementResult<Team>.Ok(new Team(id, name, description ?? "", now, []));
    }

    /// <summary>Changes a team's name or description; what is null stays.</summary>
    public async Task<ManagementResult<Team>> UpdateAsync(
        string teamId, string? name, string? description, Actor actor, CancellationToken cancellationToken)
    {
        name = name is null ? null : NameRules.Trim(name);
        if (((name is null ? null : NameRules.CheckName(name, "team")) ?? NameRules.CheckDescription(description)) is { } problem)
            return Fail(ManagementError.Invalid, problem);
        if (!NameRules.IsId(teamId))
            return Fail(ManagementError.NotFound, NoSuchTeam);
        try
        {
            await _database.WriteAsync(async context =>
            {
                await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
                if (await LockAsync(context, teamId, cancellationToken) is not { } row)
                    return;
                row.Name = name ?? row.Name;
                row.Description = description ?? row.Description;
                if (!context.ChangeTracker.HasChanges())
                    return;
                string details = string.Join(' ', name is null ? null : $"name={name}", description is null ? null : $"description={description}").Trim();
                context.AuditLog.Add(AuditLog.Row(actor, "team.change", teamId, details, _time.GetStoredNow()));
                await context.SaveChangesAsync(cancellationToken);
                await transaction.CommitAsync(cancellationToken);
            }, cancellationToken);
        }
        catch (DbUpdateException e) when (DatabaseFailure.IsUniqueViolation(e))
        {
            return Fail(ManagementError.Conflict, NameTaken);
        }
        return await FindAsync(scope: null, teamId, cancellationToken) is { } team ? ManagementResult<Team>.Ok(team) : Fail(ManagementError.NotFound, NoSuchTeam);
    }

    /// <summary>
    /// Deletes a team with its tokens and their sessions, gives their ports back to rest, and revokes its keys, in one transaction.
    /// </summary>
    public async Task<ManagementResult<DeletedTeam>> DeleteAsync(string teamId, Actor actor, CancellationToken cancellationToken)
    {
        IReadOnlyList<string>? tokens = !NameRules.IsId(teamId) ? null : await _database.WriteAsync<IReadOnlyList<string>?>(async context =>
        {
            DateTimeOffset now = _time.GetStoredNow();
            await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
            // Nobody adds a token from here on: it would wait for this, and then find no team.
            if (await LockAsync(context, teamId, cancellationToken) is null)
                return null;
            List<string> ids = await context.Tokens.Where(row => row.TeamId == teamId).Select(row => row.Id).ToListAsync(cancellationToken);
            await context.PortAssignments.Where(row => row.Token!.TeamId == teamId).ExecuteUpdateAsync(
                set => set.SetProperty(row => row.TokenId, (string?)null).SetProperty(row => row.ReleasedAt, now), cancellationToken);
            await context.Tokens.Where(row => row.TeamId == teamId).ExecuteDeleteAsync(cancellationToken);
            await context.ApiKeys.Where(row => row.TeamId == teamId && row.RevokedAt == null).ExecuteUpdateAsync(
                set => set.SetProperty(row => row.RevokedAt, now), cancellationToken);
            await context.Teams.Where(row => row.Id == teamId).ExecuteDeleteAsync(cancellationToken);
            context.ChangeTracker.Clear();
            context.AuditLog.Add(AuditLog.Row(actor, "team.delete", teamId, $"tokens={ids.Count}", now));
            await context.SaveChangesAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            return ids;
        }, cancellationToken);
        return tokens is null
            ? ManagementResult<DeletedTeam>.Fail(ManagementError.NotFound, NoSuchTeam)
            : ManagementResult<DeletedTeam>.Ok(new DeletedTeam(tokens));
    }

    /// <summary>Every team with its tokens and ports, oldest first.</summary>
    public Task<IReadOnlyList<Team>> ListAsync(string? scope, CancellationToken cancellationToken) => _database.RunAsync(context => scope is null
        ? ReadAsync(context.Teams, context.Tokens, cancellationToken)
        : ReadAsync(context.Teams.Where(team => team.Id == scope), context.Tokens.Where(token => token.TeamId == scope), cancellationToken));

    /// <summary>One team with its tokens, or null.</summary>
    public async Task<Team?> FindAsync(string? scope, string teamId, CancellationToken cancellationToken) =>
        !NameRules.IsId(teamId) || (scope is not null && scope != teamId) ? null : (await ListAsync(teamId, cancellationToken)).SingleOrDefault();

    private Task<TeamRow?> LockAsync(RabbitDbContext context, string teamId, CancellationToken cancellationToken) => (_database.Connection.IsPostgres
        ? context.Teams.FromSql($"SELECT * FROM teams WHERE id = {teamId} FOR UPDATE")
        : context.Teams.Where(row => row.Id == teamId)).SingleOrDefaultAsync(cancellationToken);

    // No entities, which would have to be put together, and no collection that is large enough for the heap of large objects: a
    // collection of all generations, for which the largest of them is the reason, costs more than the whole query.
    private static async Task<IReadOnlyList<Team>> ReadAsync(
        IQueryable<TeamRow> teams, IQueryable<TokenRow> tokens, CancellationToken cancellationToken)
    {
        List<TeamRow> rows = await teams.AsNoTracking().OrderBy(team => team.CreatedAt).ThenBy(team => team.Id).ToListAsync(cancellationToken);
        Dictionary<string, List<Token>> ofTeams = rows.ToDictionary(team => team.Id, _ => new List<Token>(), StringComparer.Ordinal);
        Dictionary<string, TeamRow> byId = rows.ToDictionary(team => team.Id, StringComparer.Ordinal);
        var found = tokens.OrderBy(token => token.TeamId).ThenBy(token => token.CreatedAt).ThenBy(token => token.Id).Select(token => new
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
        }).AsAsyncEnumerable();
        await foreach (var token in found.WithCancellation(cancellationToken))
        {
            // Not of a team that was made since.
            if (byId.TryGetValue(token.TeamId, out TeamRow? team))
            {
                ofTeams[team.Id].Add(new Token(
                    token.Id, team.Id, team.Name, token.Name, token.Description, token.Port, PortAssignmentRow.Tcp, token.Kind,
                    token.CreatedAt, token.LastUsedAt, token.ExpiresAt));
            }
        }
        return [.. rows.Select(team => new Team(team.Id, team.Name, team.Description, team.CreatedAt, ofTeams[team.Id]))];
    }

    private static ManagementResult<Team> Fail(ManagementError error, string sentence) => ManagementResult<Team>.Fail(error, sentence);
}
