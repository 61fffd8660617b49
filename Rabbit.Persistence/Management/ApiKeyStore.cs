using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Database;
using Rabbit.Persistence.Model;

namespace Rabbit.Persistence.Management;

/// <summary>An API key that was presented and found valid.</summary>
public sealed record ApiKey(string KeyId, string Name, string Role);

/// <summary>Keys to the API.</summary>
public sealed class ApiKeyStore
{
    /// <summary>The role that may do everything.</summary>
    public const string AdminRole = "admin";

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
    public Task AddAdminAsync(ApiKeyText key, string name, CancellationToken cancellationToken) => _database.RunAsync(async context =>
    {
        if (await context.ApiKeys.AnyAsync(row => row.Id == key.Id, cancellationToken))
            return;
        context.ApiKeys.Add(new ApiKeyRow
        {
            Id = key.Id,
            Name = name,
            Role = AdminRole,
            SecretHash = key.HashSecret(),
            CreatedAt = _time.GetUtcNow(),
        });
        await context.SaveChangesAsync(cancellationToken);
    });

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
        bool matches = CryptographicOperations.FixedTimeEquals(presented.HashSecret(), row?.SecretHash ?? NoHash);
        return matches && row is not null ? new ApiKey(row.Id, row.Name, row.Role) : null;
    }
}
