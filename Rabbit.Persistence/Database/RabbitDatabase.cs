using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Rabbit.Persistence.Model;
using Rabbit.Persistence.Telemetry;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.Database;

/// <summary>Opens contexts on the configured database, and turns its outages into <see cref="StoreUnavailableException"/>.</summary>
internal sealed class RabbitDatabase : IDisposable
{
    private const int ConflictAttempts = 5;

    private readonly Func<RabbitDbContext> _create;

    // SQLite has one writer at a time and lets the others poll; here they queue instead.
    private readonly SemaphoreSlim? _writer;
    private volatile TaskCompletionSource? _held;
    private volatile bool _isAway;

    public RabbitDatabase(DatabaseConnection connection, PersistenceMetrics metrics)
    {
        Connection = connection;
        if (connection.IsPostgres)
        {
            var factory = new PooledDbContextFactory<PostgresRabbitDbContext>(
                Quiet(new DbContextOptionsBuilder<PostgresRabbitDbContext>())
                    .UseNpgsql(connection.ConnectionString).AddInterceptors(new CommandTimer(metrics, PersistenceMetrics.Postgres)).Options);
            _create = factory.CreateDbContext;
        }
        else
        {
            var factory = new PooledDbContextFactory<SqliteRabbitDbContext>(
                Quiet(new DbContextOptionsBuilder<SqliteRabbitDbContext>())
                    .UseSqlite(connection.ConnectionString)
                    .AddInterceptors(new SqliteDurability(), new CommandTimer(metrics, PersistenceMetrics.Sqlite)).Options);
            _create = factory.CreateDbContext;
            _writer = new SemaphoreSlim(1);
        }
    }

    /// <summary>Which database this is.</summary>
    public DatabaseConnection Connection { get; }

    /// <summary>A context, to be disposed by the caller.</summary>
    public RabbitDbContext Open() => _create();

    /// <summary>Why the last write was not done, or null when it was.</summary>
    public StoreUnavailableException? WriteFailure { get; private set; }

    /// <summary>Closed while a successor brings the database up: then only reading goes on, and what may be written by several servers at once.</summary>
    public WriteGate Writes { get; } = new();

    /// <summary>
    /// Until <see cref="Release"/>, all work is refused as in an outage: the tables may not be there yet, or be of an earlier
    /// version.
    /// </summary>
    public void Hold() => _held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The tables are as this version knows them.</summary>
    public void Release() => Interlocked.Exchange(ref _held, null)?.TrySetResult();

    /// <summary>True from <see cref="Hold"/> to <see cref="Release"/>.</summary>
    public bool IsHeld => _held is not null;

    /// <summary>
    /// True while it is up to date and did what it was asked last. It is asked at every heartbeat at the least, so that this is never
    /// older.
    /// </summary>
    public bool IsUsable => !IsHeld && !_isAway && WriteFailure is null;

    /// <summary>Completes when the database is not held.</summary>
    public Task WhenReleasedAsync(CancellationToken cancellationToken) => _held?.Task.WaitAsync(cancellationToken) ?? Task.CompletedTask;

    /// <summary>As <see cref="RunAsync{T}"/>, but also while the database is held: for the one who brings it up to date.</summary>
    /// <exception cref="StoreUnavailableException">The database does not answer or refuses to work now.</exception>
    public Task<T> RunHeldAsync<T>(Func<RabbitDbContext, Task<T>> work) => MapOutagesAsync(() => RunOnContextAsync(work));

    /// <summary>Runs <paramref name="work"/> on a fresh context.</summary>
    /// <exception cref="StoreUnavailableException">The database does not answer or refuses to work now.</exception>
    public Task<T> RunAsync<T>(Func<RabbitDbContext, Task<T>> work) => GuardAsync(() => RunOnContextAsync(work));

    /// <inheritdoc cref="RunAsync{T}"/>
    public Task RunAsync(Func<RabbitDbContext, Task> work) => RunAsync(async context =>
    {
        await work(context);
        return true;
    });

    /// <summary>
    /// Runs <paramref name="work"/> on a fresh context, as the only writer on SQLite, and again when the database chose it
    /// as the victim of a deadlock.
    /// </summary>
    /// <exception cref="StoreUnavailableException">The database does not answer or refuses to work now.</exception>
    public Task<T> WriteAsync<T>(Func<RabbitDbContext, Task<T>> work, CancellationToken cancellationToken) =>
        WriteInTurnAsync(() => RunAsync(work), cancellationToken);

    /// <inheritdoc cref="WriteAsync{T}"/>
    public Task WriteAsync(Func<RabbitDbContext, Task> work, CancellationToken cancellationToken) => WriteAsync(async context =>
    {
        await work(context);
        return true;
    }, cancellationToken);

    /// <summary>As <see cref="WriteAsync{T}"/>, also while a successor brings the database up: for writes that may meet those of another server.</summary>
    /// <exception cref="StoreUnavailableException">The database does not answer or refuses to work now.</exception>
    public Task WriteBesideOthersAsync(Func<RabbitDbContext, Task> work, CancellationToken cancellationToken) => WriteNowAsync(
        () => RunAsync(async context =>
        {
            await work(context);
            return true;
        }), cancellationToken);

    /// <summary>As <see cref="WriteAsync{T}"/>, for work on a connection of the caller's own.</summary>
    /// <exception cref="StoreUnavailableException">The database does not answer or refuses to work now.</exception>
    public Task WriteDirectlyAsync(Func<Task> work, CancellationToken cancellationToken) => WriteInTurnAsync(
        () => GuardAsync(async () =>
        {
            await work();
            return true;
        }), cancellationToken);

    /// <inheritdoc/>
    public void Dispose()
    {
        _writer?.Dispose();
        if (!Connection.IsPostgres)
        {
            // The last connection to close moves the write-ahead log into the file.
            using var connection = new SqliteConnection(Connection.ConnectionString);
            SqliteConnection.ClearPool(connection);
        }
    }

    private async Task<T> WriteInTurnAsync<T>(Func<Task<T>> write, CancellationToken cancellationToken)
    {
        await Writes.EnterAsync(cancellationToken);
        try
        {
            return await WriteNowAsync(write, cancellationToken);
        }
        finally
        {
            Writes.Leave();
        }
    }

    private async Task<T> WriteNowAsync<T>(Func<Task<T>> write, CancellationToken cancellationToken)
    {
        if (_writer is not null)
            await _writer.WaitAsync(cancellationToken);
        try
        {
            for (int attempt = 1; ; attempt++)
            {
                try
                {
                    T result = await write();
                    WriteFailure = null;
                    return result;
                }
                catch (StoreUnavailableException e) when (attempt < ConflictAttempts && DatabaseFailure.IsConflict(e))
                {
                    // The other transaction has gone on, so this one meets it no more.
                }
            }
        }
        catch (StoreUnavailableException e)
        {
            WriteFailure = e;
            throw;
        }
        finally
        {
            _writer?.Release();
        }
    }

    private async Task<T> RunOnContextAsync<T>(Func<RabbitDbContext, Task<T>> work)
    {
        await using RabbitDbContext context = Open();
        return await work(context);
    }

    private Task<T> GuardAsync<T>(Func<Task<T>> work) => IsHeld
        ? throw new StoreUnavailableException($"The database ({Connection.Name}) has not been brought up to date yet; the server goes on trying.")
        : MapOutagesAsync(work);

    private async Task<T> MapOutagesAsync<T>(Func<Task<T>> work)
    {
        try
        {
            // Not on the caller's thread, which may be the one that serves the sockets: SQLite blocks, and Entity Framework
            // compiles a query when it first meets it.
            T result = await Task.Run(work);
            _isAway = false;
            return result;
        }
        catch (StoreUnavailableException)
        {
            _isAway = true;
            throw;
        }
        catch (Exception e) when (DatabaseFailure.IsOutage(e))
        {
            _isAway = !DatabaseFailure.IsConflict(e);
            throw DatabaseFailure.Explain(Connection, e);
        }
    }

    // Failed commands reach whoever can act on them, as exceptions; a second report in the log would only repeat them.
    private static DbContextOptionsBuilder<TContext> Quiet<TContext>(DbContextOptionsBuilder<TContext> builder)
        where TContext : DbContext => builder.ConfigureWarnings(warnings => warnings.Ignore(
            RelationalEventId.CommandError, RelationalEventId.ConnectionError, CoreEventId.SaveChangesFailed, CoreEventId.QueryIterationFailed));
}
