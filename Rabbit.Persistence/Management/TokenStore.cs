using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Database;
using Rabbit.Persistence.Model;
using Rabbit.Protocol.Credentials;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.Management;

/// <summary>A token as operators see it; its secret is not part of it.</summary>
public sealed record Token(
    string TokenId, string TeamId, string TeamName, string Name, string Description, int Port, string Protocol, ServiceKind Kind,
    DateTimeOffset CreatedAt, DateTimeOffset? LastUsedAt, DateTimeOffset? ExpiresAt);

/// <summary>A token that was just made, with the secret that nobody will see again.</summary>
public sealed record CreatedToken(Token Token, TokenText Text);

/// <summary>Tokens and their ports.</summary>
public sealed class TokenStore : ITokenStore
{
    private const int LongestLifeDays = 36500;

    private readonly RabbitDatabase _database;
    private readonly PortAllocator _ports;
    private readonly TimeProvider _time;

    internal TokenStore(RabbitDatabase database, PortAllocator ports, TimeProvider time)
    {
        _database = database;
        _ports = ports;
        _time = time;
    }

    /// <summary>Makes a token with a port of its own.</summary>
    /// <param name="teamId">Its team.</param>
    /// <param name="name">1 to 100 characters.</param>
    /// <param name="description">Up to 1,000 characters, or null.</param>
    /// <param name="expiresInDays">Its life, 1 to 36,500 days, or null or 0 for no end.</param>
    /// <param name="port">The port asked for, or null for any.</param>
    /// <param name="kind">What the local service speaks.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<ManagementResult<CreatedToken>> CreateAsync(
        string? teamId, string? name, string? description, int? expiresInDays, int? port, ServiceKind kind, CancellationToken cancellationToken)
    {
        name = NameRules.Trim(name);
        if ((NameRules.CheckName(name, "token") ?? NameRules.CheckDescription(description)) is { } problem)
            return Fail(ManagementError.Invalid, problem);
        if (expiresInDays is < 0 or > LongestLifeDays)
            return Fail(ManagementError.Invalid, $"expires_in_days must be 1 to {LongestLifeDays}, or absent for a token without an end.");
        TeamRow? team = string.IsNullOrEmpty(teamId) ? null : await _database.RunAsync(
            context => context.Teams.AsNoTracking().SingleOrDefaultAsync(row => row.Id == teamId, cancellationToken));
        if (team is null)
            return Fail(ManagementError.NotFound, "There is no team with this team_id; list the teams to find the right one.");

        TokenText text = TokenText.Create();
        DateTimeOffset now = _time.GetUtcNow();
        var row = new TokenRow
        {
            Id = text.Id,
            TeamId = team.Id,
            Name = name,
            Description = description ?? "",
            SecretHash = text.HashSecret(),
            Kind = kind,
            CreatedAt = now,
            ExpiresAt = expiresInDays is > 0 ? now.AddDays(expiresInDays.Value) : null,
        };
        ManagementResult<PortAssignmentRow> assigned = await _ports.InsertAsync(row, port, cancellationToken);
        if (assigned.Value is not { } assignment)
            return Fail(assigned.Error, assigned.Sentence);
        row.PortAssignment = assignment;
        return ManagementResult<CreatedToken>.Ok(new CreatedToken(ToToken(row, team), text));
    }

    /// <summary>The tokens of a team, oldest first; empty when there is no such team.</summary>
    public Task<IReadOnlyList<Token>> ListAsync(string teamId, CancellationToken cancellationToken) =>
        _database.RunAsync<IReadOnlyList<Token>>(async context =>
        {
            List<TokenRow> rows = await context.Tokens.AsNoTracking().Include(token => token.Team).Include(token => token.PortAssignment)
                .Where(token => token.TeamId == teamId).OrderBy(token => token.CreatedAt).ThenBy(token => token.Id).ToListAsync(cancellationToken);
            return [.. rows.Select(row => ToToken(row, row.Team!))];
        });

    /// <summary>
    /// Deletes a token with its sessions, and gives its port back to rest, in one transaction; false when there was no such
    /// token (any more).
    /// </summary>
    public Task<bool> DeleteAsync(string teamId, string tokenId, CancellationToken cancellationToken) =>
        _database.WriteAsync(async context =>
        {
            DateTimeOffset now = _time.GetUtcNow();
            await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
            await context.PortAssignments.Where(row => row.TokenId == tokenId && row.Token!.TeamId == teamId).ExecuteUpdateAsync(
                set => set.SetProperty(row => row.TokenId, (string?)null).SetProperty(row => row.ReleasedAt, now), cancellationToken);
            int deleted = await context.Tokens.Where(row => row.Id == tokenId && row.TeamId == teamId).ExecuteDeleteAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            return deleted > 0;
        }, cancellationToken);

    /// <inheritdoc/>
    public Task<TokenRecord?> FindTokenAsync(string tokenId, CancellationToken cancellationToken) => _database.RunAsync(async context =>
    {
        TokenRow? row = await context.Tokens.AsNoTracking().Include(token => token.Team).Include(token => token.PortAssignment)
            .SingleOrDefaultAsync(token => token.Id == tokenId && token.PortAssignment != null, cancellationToken);
        return row is null ? null : ToRecord(row);
    });

    /// <inheritdoc/>
    public Task<IReadOnlyList<InvalidToken>> FindInvalidAsync(IReadOnlyCollection<string> tokenIds, CancellationToken cancellationToken) =>
        _database.RunAsync<IReadOnlyList<InvalidToken>>(async context =>
        {
            DateTimeOffset now = _time.GetUtcNow();
            // The ids go there and only what is wrong comes back, which is mostly nothing.
            IQueryable<string> asked = _database.Connection.IsPostgres
                ? context.Database.SqlQuery<string>($"SELECT unnest({tokenIds.ToArray()}) AS \"Value\"")
                : context.Database.SqlQuery<string>($"SELECT value AS \"Value\" FROM json_each({JsonSerializer.Serialize(tokenIds)})");
            return await asked
                .Where(id => !context.Tokens.Any(row => row.Id == id && row.RevokedAt == null && (row.ExpiresAt == null || row.ExpiresAt > now)))
                .Select(id => new InvalidToken(id, context.Tokens.Any(row => row.Id == id && row.RevokedAt == null)))
                .ToListAsync(cancellationToken);
        });

    internal static TokenRecord ToRecord(TokenRow row) => new(
        row.Id, row.TeamId, row.Team!.Name, row.Name, row.SecretHash, row.PortAssignment!.Port, row.Kind, row.ExpiresAt,
        row.RevokedAt, row.LastEpoch);

    internal static Token ToToken(TokenRow row, TeamRow team) => new(
        row.Id, team.Id, team.Name, row.Name, row.Description, row.PortAssignment?.Port ?? 0, PortAssignmentRow.Tcp, row.Kind,
        row.CreatedAt, row.LastUsedAt, row.ExpiresAt);

    private static ManagementResult<CreatedToken> Fail(ManagementError error, string sentence) =>
        ManagementResult<CreatedToken>.Fail(error, sentence);
}
