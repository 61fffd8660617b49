using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Rabbit.Persistence.Model;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.Database;

/// <summary>Opens contexts on the configured database, and turns its outages into <see cref="StoreUnavailableException"/>.</summary>
internal sealed class RabbitDatabase : IDisposable
{
    private const int ConflictAttempts = 5;

    private readonly Func<RabbitDbContext> _create;

    // SQLite has one writer at a time and lets the others poll; here they queue instead.
    private readonly SemaphoreSlim? _writer;

    public RabbitDatabase(DatabaseConnection connection)
    {
        Connection = connection;
        if (connection.IsPostgres)
        {
            var factory = new PooledDbContextFactory<PostgresRabbitDbContext>(
                Quiet(new DbContextOptionsBuilder<PostgresRabbitDbContext>()).UseNpgsql(connection.ConnectionString).Options);
            _create = factory.CreateDbContext;
        }
        else
        {
            var factory = new PooledDbContextFactory<SqliteRabbitDbContext>(
                Quiet(new DbContextOptionsBuilder<SqliteRabbitDbContext>())
                    .UseSqlite(connection.ConnectionString).AddInterceptors(new SqliteDurability()).Options);
            _create = factory.CreateDbContext;
            _writer = new SemaphoreSlim(1);
        }
    }

    /// <summary>Which database this is.</summary>
    public DatabaseConnection Connection { get; }

    /// <summary>A context, to be disposed by the caller.</summary>
    public RabbitDbContext Open() => _create();

    /// <summary>Runs <paramref name="work"/> on a fresh context.</summary>
    /// <exception cref="StoreUnavailableException">The database does not answer or refuses to work now.</exception>
    public async Task<T> RunAsync<T>(Func<RabbitDbContext, Task<T>> work)
    {
        try
        {
            // Not on the caller's thread, which may be the one that serves the sockets: SQLite blocks, and Entity Framework
            // compiles a query when it first meets it.
            return await Task.Run(async () =>
            {
                await using RabbitDbContext context = Open();
                return await work(context);
            });
        }
        catch (Exception e) when (DatabaseFailure.IsOutage(e))
        {
            throw DatabaseFailure.Explain(Connection, e);
        }
    }

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
    public async Task<T> WriteAsync<T>(Func<RabbitDbContext, Task<T>> work, CancellationToken cancellationToken)
    {
        if (_writer is not null)
            await _writer.WaitAsync(cancellationToken);
        try
        {
            for (int attempt = 1; ; attempt++)
            {
                try
                {
                    return await RunAsync(work);
                }
                catch (StoreUnavailableException e) when (attempt < ConflictAttempts && DatabaseFailure.IsConflict(e))
                {
                    // The other transaction has gone on, so this one meets it no more.
                }
            }
        }
        finally
        {
            _writer?.Release();
        }
    }

    /// <inheritdoc cref="WriteAsync{T}"/>
    public Task WriteAsync(Func<RabbitDbContext, Task> work, CancellationToken cancellationToken) => WriteAsync(async context =>
    {
        await work(context);
        return true;
    }, cancellationToken);

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

    // Failed commands reach whoever can act on them, as exceptions; a second report in the log would only repeat them.
    private static DbContextOptionsBuilder<TContext> Quiet<TContext>(DbContextOptionsBuilder<TContext> builder)
        where TContext : DbContext => builder.ConfigureWarnings(warnings => warnings.Ignore(
            RelationalEventId.CommandError, RelationalEventId.ConnectionError, CoreEventId.SaveChangesFailed, CoreEventId.QueryIterationFailed));
}
