using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Database;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.Management;

/// <summary>The database as a whole: whether it is there, sound, and of this program's version.</summary>
public sealed class DatabaseSchema
{
    private const int SqliteCorrupt = 11;

    private readonly RabbitDatabase _database;
    private readonly DatabaseMigrator _migrator;
    private readonly DataDirectoryLock _lock;

    internal DatabaseSchema(RabbitDatabase database, DatabaseMigrator migrator, DataDirectoryLock directoryLock)
    {
        _database = database;
        _migrator = migrator;
        _lock = directoryLock;
    }

    /// <summary>True when this is PostgreSQL.</summary>
    public bool IsPostgres => _database.Connection.IsPostgres;

    /// <summary>True when this is SQLite, in a file.</summary>
    public bool IsFile => !_database.Connection.IsPostgres;

    /// <summary>Compares its migrations with this program's.</summary>
    /// <exception cref="StoreUnavailableException">It is not there or does not answer.</exception>
    public async Task<DatabaseState> ReadStateAsync(CancellationToken cancellationToken)
    {
        RequireFile(_database.Connection);
        return await _database.RunAsync(async context =>
        {
            // Tells a database that is not there, which the next call takes for an empty one.
            await context.Database.OpenConnectionAsync(cancellationToken);
            List<string> known = [.. context.Database.GetMigrations()];
            List<string> applied = [.. await context.Database.GetAppliedMigrationsAsync(cancellationToken)];
            return new DatabaseState(
                _database.Connection.Name, applied.Count, known.Except(applied).Count(), applied.LastOrDefault(""), applied.Except(known).FirstOrDefault());
        });
    }

    /// <summary>Returns when this program can work with the database as it is.</summary>
    /// <exception cref="StoreUnavailableException">It cannot; the message says what to do.</exception>
    public async Task RequireCurrentAsync(CancellationToken cancellationToken)
    {
        if ((await ReadStateAsync(cancellationToken)).Problem is { } problem)
            throw new StoreUnavailableException(problem);
    }

    /// <summary>Applies the missing migrations; how many these were. A SQLite file must not be a running server's.</summary>
    /// <exception cref="StoreUnavailableException">It cannot be done; the message says what to do.</exception>
    public Task<int> MigrateAsync(CancellationToken cancellationToken)
    {
        if (IsFile)
            _lock.Take();
        return _migrator.MigrateAsync(cancellationToken);
    }

    /// <summary>
    /// Has SQLite read all of its file (PRAGMA quick_check); one sentence about the first damage, or null. PostgreSQL looks
    /// after its own files.
    /// </summary>
    /// <exception cref="StoreUnavailableException">It is not there or does not answer.</exception>
    public async Task<string?> FindDamageAsync(CancellationToken cancellationToken)
    {
        if (!IsFile)
            return null;
        RequireFile(_database.Connection);
        string found;
        try
        {
            found = await _database.RunAsync(async context =>
            {
                await context.Database.OpenConnectionAsync(cancellationToken);
                await using DbCommand command = context.Database.GetDbConnection().CreateCommand();
                command.CommandText = "PRAGMA quick_check(1)";
                return (string?)await command.ExecuteScalarAsync(cancellationToken) ?? "";
            });
        }
        catch (SqliteException e) when (e.SqliteErrorCode == SqliteCorrupt)
        {
            found = e.Message;
        }
        return found == "ok" ? null : $"The database ({_database.Connection.Name}) is damaged ({found.ReplaceLineEndings(" ").TrimEnd('.')}); restore a backup.";
    }

    /// <summary>Otherwise SQLite would make an empty one.</summary>
    /// <exception cref="StoreUnavailableException">There is no file.</exception>
    internal static void RequireFile(DatabaseConnection connection)
    {
        if (!connection.IsPostgres && !File.Exists(connection.Name))
            throw new StoreUnavailableException($"There is no database {connection.Name}; name its directory with --data, or make one with 'rabbit database migrate'.");
    }
}
