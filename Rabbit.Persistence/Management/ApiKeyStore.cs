using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Database;
using Rabbit.Persistence.Model;

namespace Rabbit.Persistence.Management;

/// <summary>Keys to the API.</summary>
public sealed class ApiKeyStore
{
    /// <summary>The role that may do everything.</summary>
    public const string AdminRole = "admin";

    /// <summary>The role that sees everything and changes nothing.</summary>
    public const string ReadOnlyRole = "read_only";

    /// <summary>The role that sees and changes one team.</summary>
    public const string TeamRole = "team";

    private const int LongestLifeDays = 36500;
    private const char ListName = 'k';
    private const string NoSuchKey = "There is no key with this id; list the keys to find the right one.";

    // A busy key is not written down at each of its requests.
    private static readonly TimeSpan LastUsedPrecision = TimeSpan.FromMinutes(1);

    // Compared with when a key is unknown, so that an unknown id takes as long as a wrong secret.
    private static readonly byte[] NoHash = RandomNumberGenerator.GetBytes(32);

    private readonly RabbitDatabase _database;
    private readonly TimeProvider _time;

    internal ApiKeyStore(RabbitDatabase database, TimeProvider time)
    {
        _database = database;
        _time = time;
    }

    /// <summary>Stores the hash of a key that has all rights; does nothing when a key of this id exists.</summary>
    public Task AddAdminAsync(ApiKeyText key, string name, CancellationToken cancellationToken) =>
        AddAsync(Row(key, name, AdminRole, teamId: null, expiresInDays: null), Actor.Server, cancellationToken);

    /// <summary>Makes a key; its text is shown this once.</summary>
    /// <param name="name">1 to 100 characters.</param>
    /// <param name="role">One of <see cref="AdminRole"/>, <see cref="ReadOnlyRole"/> and <see cref="TeamRole"/>.</param>
    /// <param name="teamId">The team that a team key is confined to; null for the other roles.</param>
    /// <param name="expiresInDays">Its life, 1 to 36,500 days, or null or 0 for no end.</param>
    /// <param name="actor">Who makes it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<ManagementResult<CreatedApiKey>> CreateAsync(
        string? name, string role, string? teamId, int? expiresInDays, Actor actor, CancellationToken cancellationToken)
    {
        name = NameRules.Trim(name);
        if (NameRules.CheckName(name, "key") is { } problem)
            return Fail(ManagementError.Invalid, problem);
        if (role is not (AdminRole or ReadOnlyRole or TeamRole))
            return Fail(ManagementError.Invalid, $"The role must be {AdminRole}, {ReadOnlyRole} or {TeamRole}.");
        if (role == TeamRole != (teamId is not null))
            return Fail(ManagementError.Invalid, "A team key needs a team_id, and no other key may have one.");
        if (expiresInDays is < 0 or > LongestLifeDays)
            return Fail(ManagementError.Invalid, $"expires_in_days must be 1 to {LongestLifeDays}, or 0 for a key without an end.");

        ApiKeyText key = ApiKeyText.Create();
        ApiKeyRow row = Row(key, name, role, teamId, expiresInDays);
        return await AddAsync(row, actor, cancellationToken)
            ? ManagementResult<CreatedApiKey>.Ok(new CreatedApiKey(ToDetails(row), key))
            : Fail(ManagementError.NotFound, "There is no team with this team_id; list the teams to find the right one.");
    }

    /// <summary>Every key, newest first, also those that are valid no more.</summary>
    public async Task<ManagementResult<Page<ApiKeyDetails>>> ListAsync(string? cursor, int limit, CancellationToken cancellationToken)
    {
        if (ListCursor.Check(ListName, cursor, limit, out ListCursor? after) is { } problem)
            return ManagementResult<Page<ApiKeyDetails>>.Fail(ManagementError.Invalid, problem);
        List<ApiKeyRow> found = await _database.RunAsync(context =>
        {
            IQueryable<ApiKeyRow> rows = context.ApiKeys.AsNoTracking();
            if (after is { At: var at, Id: var id })
                rows = rows.Where(row => row.CreatedAt <= at && (row.CreatedAt < at || string.Compare(row.Id, id) < 0));
            return rows.OrderByDescending(row => row.CreatedAt).ThenByDescending(row => row.Id).Take(limit + 1).ToListAsync(cancellationToken);
        });
        return ManagementResult<Page<ApiKeyDetails>>.Ok(
            ListCursor.ToPage(found, limit, ToDetails, row => ListCursor.Of(ListName, row.CreatedAt, row.Id)));
    }

    /// <summary>Revokes a key for good; again is the same as once. The last admin key stays.</summary>
    public async Task<ManagementResult<ApiKeyDetails>> RevokeAsync(string keyId, Actor actor, CancellationToken cancellationToken) =>
        !NameRules.IsId(keyId) ? ManagementResult<ApiKeyDetails>.Fail(ManagementError.NotFound, NoSuchKey) : await _database.WriteAsync(async context =>
        {
            DateTimeOffset now = _time.GetStoredNow();
            await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
            // All that could be the last one, so that of two revocations at once the second sees the first.
            List<ApiKeyRow> locked = await (_database.Connection.IsPostgres
                ? context.ApiKeys.FromSql($"SELECT * FROM api_keys WHERE id = {keyId} OR (role = {AdminRole} AND revoked_at IS NULL) ORDER BY id FOR UPDATE")
                : context.ApiKeys.Where(row => row.Id == keyId || (row.Role == AdminRole && row.RevokedAt == null))).ToListAsync(cancellationToken);
            if (locked.SingleOrDefault(row => row.Id == keyId) is not { } key)
                return ManagementResult<ApiKeyDetails>.Fail(ManagementError.NotFound, NoSuchKey);
            if (key.RevokedAt is not null)
                return ManagementResult<ApiKeyDetails>.Ok(ToDetails(key));
            if (key.Role == AdminRole && !locked.Any(row => row != key && row.Role == AdminRole && row.RevokedAt is null && !(row.ExpiresAt <= now)))
                return ManagementResult<ApiKeyDetails>.Fail(ManagementError.Conflict, "This is the last admin key; make another first.");
            key.RevokedAt = now;
            context.AuditLog.Add(AuditLog.Row(actor, "key.revoke", keyId, $"name={key.Name} role={key.Role}", now));
            await context.SaveChangesAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            return ManagementResult<ApiKeyDetails>.Ok(ToDetails(key));
        }, cancellationToken);

    /// <summary>True when any key exists.</summary>
    public Task<bool> AnyAsync(CancellationToken cancellationToken) =>
        _database.RunAsync(context => context.ApiKeys.AnyAsync(cancellationToken));

    /// <summary>The key that this text is, or null when it is not valid.</summary>
    public async Task<ApiKey?> VerifyAsync(string text, CancellationToken cancellationToken)
    {
        if (!ApiKeyText.TryParse(text, out ApiKeyText presented))
            return null;
        ApiKeyRow? row = await _database.RunAsync(context => context.ApiKeys.AsNoTracking()
            .SingleOrDefaultAsync(key => key.Id == presented.Id && key.RevokedAt == null, cancellationToken));
        DateTimeOffset now = _time.GetUtcNow();
        if (!presented.Matches(row?.SecretHash ?? NoHash) || row is null || row.ExpiresAt <= now)
            return null;

        if (row.LastUsedAt is null || now - row.LastUsedAt >= LastUsedPrecision)
        {
            await _database.WriteAsync(
                context => context.ApiKeys.Where(key => key.Id == row.Id)
                    .ExecuteUpdateAsync(set => set.SetProperty(key => key.LastUsedAt, now), cancellationToken),
                cancellationToken);
        }
        return new ApiKey(row.Id, row.Name, row.Role, row.TeamId);
    }

    /// <summary>The key of this id while it is valid, or null.</summary>
    public async Task<ApiKey?> FindValidAsync(string keyId, CancellationToken cancellationToken)
    {
        ApiKeyRow? row = await _database.RunAsync(context => context.ApiKeys.AsNoTracking()
            .SingleOrDefaultAsync(key => key.Id == keyId && key.RevokedAt == null, cancellationToken));
        return row is null || row.ExpiresAt <= _time.GetUtcNow() ? null : new ApiKey(row.Id, row.Name, row.Role, row.TeamId);
    }

    private ApiKeyRow Row(ApiKeyText key, string name, string role, string? teamId, int? expiresInDays)
    {
        DateTimeOffset now = _time.GetStoredNow();
        return new ApiKeyRow
        {
            Id = key.Id,
            Name = name,
            Role = role,
            TeamId = teamId,
            SecretHash = key.HashSecret(),
            CreatedAt = now,
            ExpiresAt = expiresInDays is > 0 ? now.AddDays(expiresInDays.Value) : null,
        };
    }

    // False when its team does not exist.
    private Task<bool> AddAsync(ApiKeyRow key, Actor actor, CancellationToken cancellationToken) =>
        _database.WriteAsync(async context =>
        {
            await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);
            if (await context.ApiKeys.AnyAsync(row => row.Id == key.Id, cancellationToken))
                return true;
            if (key.TeamId is { } team && !await TeamExistsAsync(context, team, cancellationToken))
                return false;
            context.ApiKeys.Add(key);
            context.AuditLog.Add(AuditLog.Row(actor, "key.create", key.Id, $"name={key.Name} role={key.Role}{(key.TeamId is null ? "" : $" team={key.TeamId}")}", key.CreatedAt));
            await context.SaveChangesAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            return true;
        }, cancellationToken);

    // And goes on existing until the key is stored: a deletion of the team waits, and then revokes the key too.
    private async Task<bool> TeamExistsAsync(RabbitDbContext context, string teamId, CancellationToken cancellationToken) =>
        NameRules.IsId(teamId) && await (_database.Connection.IsPostgres
            ? context.Teams.FromSql($"SELECT * FROM teams WHERE id = {teamId} FOR SHARE")
            : context.Teams.Where(row => row.Id == teamId)).AsNoTracking().SingleOrDefaultAsync(cancellationToken) is not null;

    private static ApiKeyDetails ToDetails(ApiKeyRow row) =>
        new(row.Id, row.Name, row.Role, row.TeamId, row.CreatedAt, row.LastUsedAt, row.ExpiresAt, row.RevokedAt);

    private static ManagementResult<CreatedApiKey> Fail(ManagementError error, string sentence) =>
        ManagementResult<CreatedApiKey>.Fail(error, sentence);
}
