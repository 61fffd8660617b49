using System.Globalization;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Database;
using Rabbit.Persistence.Model;
using Rabbit.Protocol.Credentials;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.Management;

/// <summary>
/// Tokens and their ports. Where a scope is asked for it is the only team that the caller may see or change, or null for all: a
/// token of another team is not there.
/// </summary>
public sealed class TokenStore : ITokenStore
{
    private const int LongestLifeDays = 36500;
    private const char ListName = 't';
    private const string NoSuchToken = "There is no token with this id; list the tokens to find the right one.";
    private const string NoSuchTeam = "There is no team with this team_id; list the teams to find the right one.";

    private static readonly TimeSpan LongestOverlap = TimeSpan.FromDays(30);

    private readonly RabbitDatabase _database;
    private readonly TokenLookup _lookup;
    private readonly PortAllocator _ports;
    private readonly TimeProvider _time;

    internal TokenStore(RabbitDatabase database, PortAllocator ports, TimeProvider time)
    {
        _database = database;
        _lookup = new TokenLookup(database);
        _ports = ports;
        _time = time;
    }

    /// <summary>Makes a token with a port of its own.</summary>
    public async Task<ManagementResult<CreatedToken>> CreateAsync(string? scope, NewToken token, Actor actor, CancellationToken cancellationToken)
    {
        TokenText text = TokenText.Create();
        DateTimeOffset now = _time.GetStoredNow();
        var row = new TokenRow
        {
            Id = text.Id,
            TeamId = token.TeamId ?? "",
            Name = NameRules.Trim(token.Name),
            Description = token.Description ?? "",
            SecretHash = text.HashSecret(),
            Kind = token.Kind,
            CreatedAt = now,
        };
        string? problem = NameRules.CheckName(row.Name, "token") ?? NameRules.CheckDescription(token.Description)
            ?? SetExpiry(row, token.ExpiresInDays, token.ExpiresAt, now) ?? token.Settings?.Apply(row);
        if (problem is not null)
            return Fail(ManagementError.Invalid, problem);
        if (row.ExpiresAt <= now)
            return Fail(ManagementError.Invalid, "expires_at is over already; name a time to come.");
        TeamRow? team = row.TeamId.Length == 0 || !NameRules.IsId(row.TeamId) ? null : await _database.RunAsync(
            context => context.Teams.AsNoTracking().SingleOrDefaultAsync(
                one => one.Id == row.TeamId && (scope == null || one.Id == scope), cancellationToken));
        if (team is null)
            return Fail(ManagementError.NotFound, NoSuchTeam);
        try
        {
            ManagementResult<PortAssignmentRow> assigned = await _ports.InsertAsync(
                row, token.Port, AuditLog.Row(actor, "token.create", row.Id, $"team={team.Id} name={row.Name}", now), cancellationToken);
            if (assigned.Value is not { } assignment)
                return Fail(assigned.Error, assigned.Sentence);
            row.PortAssignment = assignment;
        }
        catch (DbUpdateException e) when (DatabaseFailure.IsForeignKeyViolation(e))
        {
            // The team was deleted meanwhile.
            return Fail(ManagementError.NotFound, NoSuchTeam);
        }
        return ManagementResult<CreatedToken>.Ok(new CreatedToken(ToToken(row, team, now), text));
    }

    /// <summary>Changes a token; a tunnel that runs must be told of it (its revision grows).</summary>
    public async Task<ManagementResult<Token>> UpdateAsync(
        string? scope, string tokenId, TokenChange change, Actor actor, CancellationToken cancellationToken)
    {
        ManagementResult<CreatedToken> changed = await ChangeAsync(scope, tokenId, "token.change", actor, (row, now) =>
        {
            string? name = change.Name is null ? null : NameRules.Trim(change.Name);
            string? problem = (name is null ? null : NameRules.CheckName(name, "token")) ?? NameRules.CheckDescription(change.Description);
            if (problem is not null)
                return (ManagementError.Invalid, problem);
            row.Name = name ?? row.Name;
            row.Description = change.Description ?? row.Description;
            row.Kind = change.Kind ?? row.Kind;
            string? wrong = SetExpiry(row, change.ExpiresInDays, change.ExpiresAt, now) ?? change.Settings?.Apply(row);
            return (wrong is null ? ManagementError.None : ManagementError.Invalid, wrong ?? "");
        }, cancellationToken);
        return new ManagementResult<Token>(changed.Value?.Token, changed.Error, changed.Sentence);
    }

    /// <summary>Gives a token a new secret; the one it had goes on being valid for the overlap, 0 to 30 days.</summary>
    public Task<ManagementResult<CreatedToken>> RotateAsync(
        string? scope, string tokenId, TimeSpan overlap, Actor actor, CancellationToken cancellationToken)
    {
        if (overlap < TimeSpan.Zero || overlap > LongestOverlap)
            return Task.FromResult(Fail(ManagementError.Invalid, $"overlap_seconds must be 0 to {LongestOverlap.TotalSeconds:0}."));
        TokenText text = TokenText.CreateFor(tokenId);
        return ChangeAsync(scope, tokenId, "token.rotate", actor, (row, now) =>
        {
            if (StateOf(row, now) != TokenState.Active)
                return (ManagementError.Conflict, "The token is revoked or expired and cannot be rotated; make a new one.");
            row.PreviousSecretHash = overlap > TimeSpan.Zero ? row.SecretHash : null;
            row.PreviousSecretUntil = overlap > TimeSpan.Zero ? StoredTime.ToStored(now + overlap) : null;
            row.SecretHash = text.HashSecret();
            return (ManagementError.None, "");
        }, cancellationToken, text);
    }

    /// <summary>Revokes a token for good; again is the same as once. It keeps its port until it is deleted.</summary>
    public async Task<ManagementResult<Token>> RevokeAsync(string? scope, string tokenId, Actor actor, CancellationToken cancellationToken)
    {
        ManagementResult<CreatedToken> revoked = await ChangeAsync(scope, tokenId, "token.revoke", actor, (row, now) =>
        {
            row.RevokedAt ??= now;
            row.PreviousSecretHash = null;
            row.PreviousSecretUntil = null;
            return (ManagementError.None, "");
        }, cancellationToken);
        return new ManagementResult<Token>(revoked.Value?.Token, revoked.Error, revoked.Sentence);
    }

    /// <summary>
    /// Deletes a token with its sessions, and gives its port back to rest, in one transaction; false when there was no such
    /// token (any more).
    /// </summary>
    public async Task<bool> DeleteAsync(string? scope, string? teamId, string tokenId, Actor actor, CancellationToken cancellationToken) =>
        NameRules.IsId(tokenId) && (teamId is null || NameRules.IsId(teamId)) && await _database.WriteAsync(async context =>
        {
            DateTimeOffset now = _time.GetStoredNow();
            await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
            await context.PortAssignments
                .Where(row => row.TokenId == tokenId && (teamId == null || row.Token!.TeamId == teamId) && (scope == null || row.Token!.TeamId == scope))
                .ExecuteUpdateAsync(set => set.SetProperty(row => row.TokenId, (string?)null).SetProperty(row => row.ReleasedAt, now), cancellationToken);
            int deleted = await context.Tokens
                .Where(row => row.Id == tokenId && (teamId == null || row.TeamId == teamId) && (scope == null || row.TeamId == scope))
                .ExecuteDeleteAsync(cancellationToken);
            if (deleted > 0)
            {
                context.AuditLog.Add(AuditLog.Row(actor, "token.delete", tokenId, "", now));
                await context.SaveChangesAsync(cancellationToken);
            }
            await transaction.CommitAsync(cancellationToken);
            return deleted > 0;
        }, cancellationToken);

    /// <summary>One token, or null.</summary>
    public async Task<Token?> FindAsync(string? scope, string tokenId, CancellationToken cancellationToken) =>
        !NameRules.IsId(tokenId) ? null : await _database.RunAsync(async context =>
            await context.Tokens.AsNoTracking().Include(token => token.Team).Include(token => token.PortAssignment)
                .SingleOrDefaultAsync(token => token.Id == tokenId && (scope == null || token.TeamId == scope), cancellationToken) is { } row
                ? ToToken(row, row.Team!, _time.GetUtcNow())
                : null);

    /// <summary>Tokens, newest first.</summary>
    public async Task<ManagementResult<Page<Token>>> ListAsync(
        string? scope, TokenFilter filter, string? cursor, int limit, CancellationToken cancellationToken)
    {
        if (ListCursor.Check(ListName, cursor, limit, out ListCursor? after) is { } problem)
            return ManagementResult<Page<Token>>.Fail(ManagementError.Invalid, problem);
        string? teamId = scope ?? filter.TeamId;
        if (filter.TeamId is not null && (!NameRules.IsId(filter.TeamId) || filter.TeamId != teamId))
            return ManagementResult<Page<Token>>.Ok(new Page<Token>([], null));
        DateTimeOffset now = _time.GetUtcNow();
        List<TokenRow> found = await _database.RunAsync(context =>
        {
            IQueryable<TokenRow> rows = context.Tokens.AsNoTracking().Include(token => token.Team).Include(token => token.PortAssignment);
            if (teamId is not null)
                rows = rows.Where(row => row.TeamId == teamId);
            rows = filter.State switch
            {
                TokenState.Active => rows.Where(row => row.RevokedAt == null && (row.ExpiresAt == null || row.ExpiresAt > now)),
                TokenState.Expired => rows.Where(row => row.RevokedAt == null && row.ExpiresAt <= now),
                TokenState.Revoked => rows.Where(row => row.RevokedAt != null),
                _ => rows,
            };
            if (after is { At: var at, Id: var id })
                rows = rows.Where(row => row.CreatedAt <= at && (row.CreatedAt < at || string.Compare(row.Id, id) < 0));
            return rows.OrderByDescending(row => row.CreatedAt).ThenByDescending(row => row.Id).Take(limit + 1).ToListAsync(cancellationToken);
        });
        return ManagementResult<Page<Token>>.Ok(ListCursor.ToPage(
            found, limit, row => ToToken(row, row.Team!, now), row => ListCursor.Of(ListName, row.CreatedAt, row.Id)));
    }

    /// <inheritdoc/>
    public Task<TokenRecord?> FindTokenAsync(string tokenId, CancellationToken cancellationToken) => _lookup.FindAsync(tokenId).WaitAsync(cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ChangedToken>> FindChangedAsync(IReadOnlyCollection<KnownToken> known, CancellationToken cancellationToken) =>
        _database.RunAsync<IReadOnlyList<ChangedToken>>(async context =>
        {
            DateTimeOffset now = _time.GetUtcNow();
            // What is known goes there and only what differs comes back, which is mostly nothing.
            string[] ids = [.. known.Select(token => token.TokenId)];
            long[] revisions = [.. known.Select(token => token.Revision)];
            IQueryable<AskedToken> asked = _database.Connection.IsPostgres
                ? context.Database.SqlQuery<AskedToken>($"SELECT id AS \"Id\", revision AS \"Revision\" FROM unnest({ids}, {revisions}) AS known (id, revision)")
                : context.Database.SqlQuery<AskedToken>(
                    $"SELECT value ->> 0 AS \"Id\", value ->> 1 AS \"Revision\" FROM json_each({JsonSerializer.Serialize(known.Select(token => new object[] { token.TokenId, token.Revision }))})");
            var found = await asked
                .GroupJoin(context.Tokens, one => one.Id, row => row.Id, (one, rows) => new { one, rows })
                .SelectMany(pair => pair.rows.DefaultIfEmpty(), (pair, row) => new { pair.one.Id, pair.one.Revision, Row = row })
                .Where(pair => pair.Row == null || pair.Row.RevokedAt != null || pair.Row.ExpiresAt <= now || pair.Row.Revision != pair.Revision)
                .Select(pair => new
                {
                    pair.Id,
                    IsRevoked = pair.Row == null || pair.Row.RevokedAt != null,
                    IsExpired = pair.Row != null && pair.Row.ExpiresAt <= now,
                })
                .ToListAsync(cancellationToken);
            return [.. found.Select(token => new ChangedToken(
                token.Id, token.IsRevoked ? TokenFate.Revoked : token.IsExpired ? TokenFate.Expired : TokenFate.Changed))];
        });

    internal static TokenRecord ToRecord(TokenRow row) => new(
        row.Id, row.TeamId, row.Team!.Name, row.Name, row.SecretHash, row.PortAssignment!.Port, row.Kind, row.ExpiresAt,
        row.RevokedAt, row.LastEpoch)
    {
        PreviousSecretHash = row.PreviousSecretHash,
        PreviousSecretUntil = row.PreviousSecretUntil,
        Revision = row.Revision,
        Rules = new TunnelRules(
            NetworkList.Parse(row.VisitorNetworks), NetworkList.Parse(row.ClientNetworks), row.MaxVisitors, row.MaxVisitorsPerAddress,
            TimeSpan.FromSeconds(row.HoldSeconds)),
    };

    private static Token ToToken(TokenRow row, TeamRow team, DateTimeOffset now) => new(
        row.Id, team.Id, team.Name, row.Name, row.Description, row.PortAssignment?.Port ?? 0, PortAssignmentRow.Tcp, row.Kind,
        row.CreatedAt, row.LastUsedAt, row.ExpiresAt)
    {
        State = StateOf(row, now),
        RevokedAt = row.RevokedAt,
        PreviousSecretUntil = row.PreviousSecretUntil > now ? row.PreviousSecretUntil : null,
        Settings = new TokenSettings(
            NetworkList.Split(row.VisitorNetworks), NetworkList.Split(row.ClientNetworks), row.MaxVisitors, row.MaxVisitorsPerAddress, row.HoldSeconds),
    };

    private static TokenState StateOf(TokenRow row, DateTimeOffset now) =>
        row.RevokedAt is not null ? TokenState.Revoked : row.ExpiresAt <= now ? TokenState.Expired : TokenState.Active;

    private static string? SetExpiry(TokenRow row, int? days, DateTimeOffset? at, DateTimeOffset now)
    {
        if (days is not null && at is not null)
            return "Give expires_in_days or expires_at, not both.";
        if (days is < 0 or > LongestLifeDays)
            return $"expires_in_days must be 1 to {LongestLifeDays}, or 0 for a token without an end.";
        if (days is { } life)
            row.ExpiresAt = life > 0 ? now.AddDays(life) : null;
        else if (at is { } end)
            row.ExpiresAt = StoredTime.ToStored(end < DateTimeOffset.UnixEpoch ? DateTimeOffset.UnixEpoch : end);
        return null;
    }

    // One transaction: nobody else changes the row between its being read and written.
    private async Task<ManagementResult<CreatedToken>> ChangeAsync(
        string? scope, string tokenId, string action, Actor actor, Func<TokenRow, DateTimeOffset, (ManagementError Error, string Sentence)> change,
        CancellationToken cancellationToken, TokenText text = default)
    {
        if (!NameRules.IsId(tokenId))
            return Fail(ManagementError.NotFound, NoSuchToken);
        return await _database.WriteAsync(async context =>
        {
            DateTimeOffset now = _time.GetStoredNow();
            await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
            IQueryable<TokenRow> locked = _database.Connection.IsPostgres
                ? context.Tokens.FromSql($"SELECT * FROM team_tokens WHERE id = {tokenId} FOR UPDATE")
                : context.Tokens.Where(row => row.Id == tokenId);
            TokenRow? row = await locked.Include(token => token.Team).Include(token => token.PortAssignment)
                .SingleOrDefaultAsync(token => scope == null || token.TeamId == scope, cancellationToken);
            if (row is null)
                return Fail(ManagementError.NotFound, NoSuchToken);
            var (error, sentence) = change(row, now);
            if (error != ManagementError.None)
                return Fail(error, sentence);
            context.ChangeTracker.DetectChanges();
            string[] changed = [.. context.Entry(row).Properties.Where(property => property.IsModified).Select(property => property.Metadata.GetColumnName())];
            if (changed.Length > 0)
            {
                row.Revision++;
                context.AuditLog.Add(AuditLog.Row(actor, action, tokenId, Describe(row, changed), now));
                await context.SaveChangesAsync(cancellationToken);
                await transaction.CommitAsync(cancellationToken);
            }
            return ManagementResult<CreatedToken>.Ok(new CreatedToken(ToToken(row, row.Team!, now), text));
        }, cancellationToken);
    }

    private static string Describe(TokenRow row, string[] changed) => string.Join(' ', changed.Where(column => !column.Contains("hash", StringComparison.Ordinal)).Select(
        column => string.Create(CultureInfo.InvariantCulture, $"{column}={column switch
        {
            "name" => row.Name,
            "description" => row.Description,
            "kind" => LowerCaseEnum<ServiceKind>.ToText(row.Kind),
            "expires_at" => $"{row.ExpiresAt:O}",
            "revoked_at" => $"{row.RevokedAt:O}",
            "previous_secret_until" => $"{row.PreviousSecretUntil:O}",
            "visitor_networks" => row.VisitorNetworks,
            "client_networks" => row.ClientNetworks,
            "max_visitors" => row.MaxVisitors,
            "max_visitors_per_address" => row.MaxVisitorsPerAddress,
            "hold_seconds" => row.HoldSeconds,
            _ => "",
        }}")));

    private static ManagementResult<CreatedToken> Fail(ManagementError error, string sentence) =>
        ManagementResult<CreatedToken>.Fail(error, sentence);

    private sealed class AskedToken
    {
        public string Id { get; set; } = "";

        public long Revision { get; set; }
    }
}
