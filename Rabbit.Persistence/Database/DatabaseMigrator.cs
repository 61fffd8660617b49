using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Rabbit.Persistence.Management;
using Rabbit.Persistence.Model;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.Database;

/// <summary>
/// First of all at a start: takes the SQLite file for this process alone, brings the tables up to date under the database's
/// own migration lock, and closes the log rows that a crash has left open.
/// </summary>
internal sealed partial class DatabaseMigrator(
    RabbitDatabase database, ServerSettings settings, IOptions<PersistenceOptions> options, TimeProvider time,
    ILogger<DatabaseMigrator> logger) : IHostedService, IDisposable
{
    private static readonly TimeSpan MigrationTimeout = TimeSpan.FromMinutes(10);

    // An arbitrary number of ours among the database's advisory locks.
    private const long MigrationLock = 0x5241_4242_4954;

    private FileStream? _lock;

    /// <inheritdoc/>
    /// <exception cref="StoreUnavailableException">The database cannot be used, or another server uses it; the message says what to do.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (!database.Connection.IsPostgres)
            TakeFile();
        try
        {
            int applied = await database.RunAsync(context => MigrateAsync(context, cancellationToken));
            if (applied > 0)
                LogMigrated(database.Connection.Name, applied);
            await settings.InitializeAsync(cancellationToken);
            await CloseOpenRowsAsync(cancellationToken);
        }
        catch (Exception e) when (e is DbException or DbUpdateException)
        {
            // Such as an account that may not create tables.
            throw DatabaseFailure.Explain(database.Connection, e);
        }
    }

    /// <summary>Without a server: what a start does, but for the rows that a crash left open; how many migrations were missing.</summary>
    /// <exception cref="StoreUnavailableException">As at a start.</exception>
    public async Task<int> MigrateAsync(CancellationToken cancellationToken)
    {
        if (!database.Connection.IsPostgres)
            TakeFile();
        try
        {
            int applied = await database.RunAsync(context => MigrateAsync(context, cancellationToken));
            await settings.InitializeAsync(cancellationToken);
            return applied;
        }
        catch (Exception e) when (e is DbException or DbUpdateException)
        {
            throw DatabaseFailure.Explain(database.Connection, e);
        }
    }

    private async Task<int> MigrateAsync(RabbitDbContext context, CancellationToken cancellationToken)
    {
        context.Database.SetCommandTimeout(MigrationTimeout);
        if (!database.Connection.IsPostgres)
            return await MigrateAloneAsync(context, cancellationToken);

        // Entity Framework's own lock ends with each migration's transaction, so that two servers would take turns. This one is
        // the connection's, and goes with it.
        await context.Database.OpenConnectionAsync(cancellationToken);
        await context.Database.ExecuteSqlAsync($"SELECT pg_advisory_lock({MigrationLock})", cancellationToken);
        try
        {
            return await MigrateAloneAsync(context, cancellationToken);
        }
        finally
        {
            await context.Database.ExecuteSqlAsync($"SELECT pg_advisory_unlock({MigrationLock})", CancellationToken.None);
        }
    }

    private async Task<int> MigrateAloneAsync(RabbitDbContext context, CancellationToken cancellationToken)
    {
        HashSet<string> known = [.. context.Database.GetMigrations()];
        List<string> applied = [.. await context.Database.GetAppliedMigrationsAsync(cancellationToken)];
        if (applied.Find(migration => !known.Contains(migration)) is { } newer)
        {
            throw new StoreUnavailableException(
                $"The database ({database.Connection.Name}) was written by a newer Rabbit (migration {newer}); start that version, or restore a backup.");
        }
        // Stays with the file. Not in the interceptor, since Entity Framework looks for the file with a read-only connection.
        if (!database.Connection.IsPostgres)
            await context.Database.ExecuteSqlRawAsync("PRAGMA journal_mode=WAL", cancellationToken);
        if (applied.Count == known.Count)
            return 0;
        // A process killed while it migrated leaves this lock behind for ever; the file is ours alone, so nobody holds it.
        if (!database.Connection.IsPostgres)
            await context.Database.ExecuteSqlRawAsync("DROP TABLE IF EXISTS \"__EFMigrationsLock\"", cancellationToken);
        await context.Database.MigrateAsync(cancellationToken);
        return known.Count - applied.Count;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose() => _lock?.Dispose();

    // .NET takes an advisory lock (flock) for FileShare.None, which the kernel drops with the process.
    private void TakeFile()
    {
        string file = Path.Combine(options.Value.Data, "rabbit.lock");
        try
        {
            Directory.CreateDirectory(options.Value.Data);
            _lock = new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            // An empty file is an empty database; those that SQLite makes beside it get the same mode.
            var ownerOnly = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite };
            if (!OperatingSystem.IsWindows())
                ownerOnly.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            new FileStream(database.Connection.Name, ownerOnly).Dispose();
        }
        catch (IOException e) when (File.Exists(file))
        {
            throw new StoreUnavailableException(
                $"Another rabbit server uses the data directory {options.Value.Data}; stop it, or name another directory with --data.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreUnavailableException(
                $"The data directory {options.Value.Data} cannot be written ({e.Message}); give this account access, or name another with --data.", e);
        }
    }

    private async Task CloseOpenRowsAsync(CancellationToken cancellationToken)
    {
        string node = options.Value.Node;
        DateTimeOffset now = time.GetUtcNow();
        // A SQLite file has one server, whatever its host was called before; on PostgreSQL the other nodes' rows may live.
        bool alone = !database.Connection.IsPostgres;
        int closed = await database.WriteAsync(context => context.ConnectionLogs
            .Where(row => row.Status == ConnectionStatus.Active && (alone || row.Node == node) && row.StartedAt <= now)
            .ExecuteUpdateAsync(
                set => set.SetProperty(row => row.Status, ConnectionStatus.Error).SetProperty(row => row.Reason, "server stopped"),
                cancellationToken), cancellationToken);
        if (closed > 0)
            LogOpenRowsClosed(closed);
    }

    [LoggerMessage(EventIds.MigrationsApplied, LogLevel.Information, "{Database}: {Count} migrations applied")]
    private partial void LogMigrated(string database, int count);

    [LoggerMessage(EventIds.OpenRowsClosed, LogLevel.Information, "Closed {Count} connection log rows that the last run left open")]
    private partial void LogOpenRowsClosed(int count);
}
