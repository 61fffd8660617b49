using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Npgsql;
using Rabbit.Persistence.Management;
using Rabbit.Persistence.Model;
using Rabbit.Persistence.Retention;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.Database;

/// <summary>
/// Brings the tables up to date, one server at a time. Until it has, a server's database is held: everybody else meets an outage.
/// </summary>
public sealed partial class DatabaseMigrator
{
    // An arbitrary number of ours among the database's advisory locks.
    private const long MigrationLock = 0x5241_4242_4954;
    private static readonly TimeSpan MigrationTimeout = TimeSpan.FromMinutes(10);

    private readonly RabbitDatabase _database;
    private readonly ServerSettings _settings;
    private readonly TimeProvider _time;
    private readonly ILogger<DatabaseMigrator> _logger;

    internal DatabaseMigrator(RabbitDatabase database, ServerSettings settings, TimeProvider time, ILogger<DatabaseMigrator> logger)
    {
        _database = database;
        _settings = settings;
        _time = time;
        _logger = logger;
    }

    /// <summary>Applies what is missing, and stores the settings that are not there; how many migrations it applied.</summary>
    /// <exception cref="StoreUnavailableException">The database cannot be used; the message says what to do.</exception>
    public Task<int> MigrateAsync(CancellationToken cancellationToken) => MigrateAsync(besideEarlier: false, cancellationToken);

    /// <summary>As <see cref="MigrateAsync(CancellationToken)"/>, while a server of perhaps an earlier version reads the database, and may have to write it again.</summary>
    /// <exception cref="StoreUnavailableException">The database cannot be used, or what is missing does more than add to it.</exception>
    public Task<int> MigrateBesideEarlierAsync(CancellationToken cancellationToken) => MigrateAsync(besideEarlier: true, cancellationToken);

    private async Task<int> MigrateAsync(bool besideEarlier, CancellationToken cancellationToken)
    {
        try
        {
            int applied = await _database.RunHeldAsync(context => MigrateAsync(context, besideEarlier, cancellationToken));
            if (applied > 0)
                LogMigrated(_database.Connection.Name, applied);
            _database.Release();
            await _settings.InitializeAsync(cancellationToken);
            return applied;
        }
        catch (Exception e) when (e is DbException or DbUpdateException)
        {
            // Such as an account that may not create tables.
            throw DatabaseFailure.Explain(_database.Connection, e);
        }
    }

    private async Task<int> MigrateAsync(RabbitDbContext context, bool besideEarlier, CancellationToken cancellationToken)
    {
        context.Database.SetCommandTimeout(MigrationTimeout);
        if (!_database.Connection.IsPostgres)
            return await MigrateAloneAsync(context, besideEarlier, cancellationToken);

        // Entity Framework's own lock ends with each migration's transaction, so that two servers would take turns. This one is
        // the connection's, and goes with it.
        await context.Database.OpenConnectionAsync(cancellationToken);
        await context.Database.ExecuteSqlAsync($"SELECT pg_advisory_lock({MigrationLock})", cancellationToken);
        try
        {
            int applied = await MigrateAloneAsync(context, besideEarlier, cancellationToken);
            await MakePartitionsAsync(context, cancellationToken);
            return applied;
        }
        finally
        {
            await context.Database.ExecuteSqlAsync($"SELECT pg_advisory_unlock({MigrationLock})", CancellationToken.None);
        }
    }

    // Before the first row comes, so that none has to be moved.
    private async Task MakePartitionsAsync(RabbitDbContext context, CancellationToken cancellationToken)
    {
        try
        {
            await ConnectionLogPartitions.EnsureAsync(context, _time.GetUtcNow(), cancellationToken);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            // A backup reads the table, say. Rows have the default partition until the retention makes theirs.
        }
    }

    private async Task<int> MigrateAloneAsync(RabbitDbContext context, bool besideEarlier, CancellationToken cancellationToken)
    {
        HashSet<string> known = [.. context.Database.GetMigrations()];
        List<string> applied = [.. await context.Database.GetAppliedMigrationsAsync(cancellationToken)];
        if (applied.Find(migration => !known.Contains(migration)) is { } newer)
        {
            throw new StoreUnavailableException(
                $"The database ({_database.Connection.Name}) was written by a newer Rabbit (migration {newer}); start that version, or restore a backup.", passes: false);
        }
        // Stays with the file. Not in the interceptor, since Entity Framework looks for the file with a read-only connection.
        if (!_database.Connection.IsPostgres)
#pragma warning disable RS0030 // A constant.
            await context.Database.ExecuteSqlRawAsync("PRAGMA journal_mode=WAL", cancellationToken);
#pragma warning restore RS0030
        if (applied.Count == known.Count)
            return 0;
        if (besideEarlier && AdditiveMigrations.FindOther(context, known.Except(applied).Order(StringComparer.Ordinal)) is { } changing)
        {
            throw new StoreUnavailableException(
                $"This version changes tables that the running server works with (migration {changing}); stop that server and start this one.", passes: false);
        }
        // A process killed while it migrated leaves this lock behind for ever; the file is ours alone, so nobody holds it.
        if (!_database.Connection.IsPostgres)
#pragma warning disable RS0030 // A constant.
            await context.Database.ExecuteSqlRawAsync("DROP TABLE IF EXISTS \"__EFMigrationsLock\"", cancellationToken);
#pragma warning restore RS0030
        await context.Database.MigrateAsync(cancellationToken);
        return known.Count - applied.Count;
    }

    [LoggerMessage(EventIds.MigrationsApplied, LogLevel.Information, "{Database}: {Count} migrations applied")]
    private partial void LogMigrated(string database, int count);
}
