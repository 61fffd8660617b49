using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Rabbit.Persistence.Model;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.Database;

/// <summary>Opens contexts on the configured database, and turns its outages into <see cref="StoreUnavailableException"/>.</summary>
internal sealed class RabbitDatabase
{
    private readonly Func<RabbitDbContext> _create;

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
            await using RabbitDbContext context = Open();
            return await work(context);
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

    // Failed commands reach whoever can act on them, as exceptions; a second report in the log would only repeat them.
    private static DbContextOptionsBuilder<TContext> Quiet<TContext>(DbContextOptionsBuilder<TContext> builder)
        where TContext : DbContext => builder.ConfigureWarnings(warnings => warnings.Ignore(
            RelationalEventId.CommandError, RelationalEventId.ConnectionError, CoreEventId.SaveChangesFailed, CoreEventId.QueryIterationFailed));
}
