using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Database;
using Rabbit.Persistence.Model;

namespace Rabbit.Persistence.Management;

/// <summary>An API key; its secret is not part of it.</summary>
public sealed record ApiKey(string KeyId, string Name, string Role, string? TeamId);

/// <summary>An API key that was just made, with the secret that nobody will see again.</summary>
public sealed record CreatedApiKey(ApiKey Key, ApiKeyText Text);

/// <summary>Keys to the API.</summary>
public sealed class ApiKeyStore
{
    /// <summary>The role that may do everything.</summary>
    public const string AdminRole = "admin";

    /// <summary>The role that sees everything and changes nothing.</summary>
    public const string ReadOnlyRole = "read_only";

    /// <summary>The role that sees and changes one team.</summary>
    public const string TeamRole = "team";

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
        AddAsync(key, name, AdminRole, teamId: null, cancellationToken);

    /// <summary>Makes a key; its text is shown this once.</summary>
    /// <param name="name">1 to 100 characters.</param>
    /// <param name="role">One of <see cref="AdminRole"/>, <see cref="ReadOnlyRole"/> and <see cref="TeamRole"/>.</param>
    /// <param name="teamId">The team that a team key is confined to; null for the other roles.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<ManagementResult<CreatedApiKey>> CreateAsync(string? name, string role, string? teamId, CancellationToken cancellationToken)
    {
        name = NameRules.Trim(name);
        if (NameRules.CheckName(name, "key") is { } problem)
            return Fail(ManagementError.Invalid, problem);
        if (role is not (AdminRole or ReadOnlyRole or TeamRole))
            return Fail(ManagementError.Invalid, $"The role must be {AdminRole}, {ReadOnlyRole} or {TeamRole}.");
        if (role == TeamRole != (teamId is not null))
            return Fail(ManagementError.Invalid, "A team key needs a team_id, and no other key may have one.");
        if (teamId is not null && !await _database.RunAsync(context => context.Teams.AnyAsync(team => team.Id == teamId, cancellationToken)))
            return Fail(ManagementError.NotFound, "There is no team with this team_id; list the teams to find the right one.");

        ApiKeyText key = ApiKeyText.Create();
        await AddAsync(key, name, role, teamId, cancellationToken);
        return ManagementResult<CreatedApiKey>.Ok(new CreatedApiKey(new ApiKey(key.Id, name, role, teamId), key));
    }

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
        if (!presented.Matches(row?.SecretHash ?? NoHash) || row is null)
            return null;

        DateTimeOffset now = _time.GetUtcNow();
        if (row.LastUsedAt is null || now - row.LastUsedAt >= LastUsedPrecision)
        {
            await _database.WriteAsync(
                context => context.ApiKeys.Where(key => key.Id == row.Id)
                    .ExecuteUpdateAsync(set => set.SetProperty(key => key.LastUsedAt, now), cancellationToken),
                cancellationToken);
        }
        return new ApiKey(row.Id, row.Name, row.Role, row.TeamId);
    }

    private Task AddAsync(ApiKeyText key, string name, string role, string? teamId, CancellationToken cancellationToken) =>
        _database.WriteAsync(async context =>
        {
            if (await context.ApiKeys.AnyAsync(row => row.Id == key.Id, cancellationToken))
                return;
            context.ApiKeys.Add(new ApiKeyRow
            {
                Id = key.Id,
                Name = name,
                Role = role,
                TeamId = teamId,
                SecretHash = key.HashSecret(),
                CreatedAt = _time.GetUtcNow(),
            });
            await context.SaveChangesAsync(cancellationToken);
        }, cancellationToken);

    private static ManagementResult<CreatedApiKey> Fail(ManagementError error, string sentence) =>
        ManagementResult<CreatedApiKey>.Fail(error, sentence);
}
