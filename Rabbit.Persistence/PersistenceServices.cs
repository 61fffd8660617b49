using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.StackExchangeRedis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Rabbit.Persistence.Alerts;
using Rabbit.Persistence.Cluster;
using Rabbit.Persistence.ConnectionLogs;
using Rabbit.Persistence.ConnectionLogs.Journal;
using Rabbit.Persistence.ConnectionLogs.Reading;
using Rabbit.Persistence.Database;
using Rabbit.Persistence.Import;
using Rabbit.Persistence.LiveSessions;
using Rabbit.Persistence.Management;
using Rabbit.Persistence.Redis;
using Rabbit.Persistence.Retention;
using Rabbit.Persistence.Revocations;
using Rabbit.Persistence.Sessions;
using Rabbit.Persistence.Statistics;
using Rabbit.Persistence.Telemetry;
using Rabbit.Tunneling.Cluster;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence;

/// <summary>Registers the stores.</summary>
public static class PersistenceServices
{
    /// <summary>
    /// Adds the database, the stores on it, and live session data. Needs <see cref="PersistenceOptions"/>; its hosted services
    /// must be registered before those that use the database, and <see cref="DatabaseMigrator"/> be run before anything of it
    /// works.
    /// </summary>
    /// <param name="services">The collection to add to.</param>
    /// <param name="redis">The configured Redis, or empty; it decides which cache is registered.</param>
    /// <param name="isNode">True for a node of a cluster, which has PostgreSQL and Redis.</param>
    public static IServiceCollection AddRabbitPersistence(this IServiceCollection services, string redis, bool isNode = false)
    {
        if (isNode)
            services.AddCluster();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IDuties, AllDuties>();
        services.AddMetrics();
        services.AddSingleton<PersistenceMetrics>();
        services.AddSingleton(provider =>
        {
            PersistenceOptions options = provider.GetRequiredService<IOptions<PersistenceOptions>>().Value;
            return new RabbitDatabase(DatabaseConnection.Parse(options.Database, options.Data), provider.GetRequiredService<PersistenceMetrics>());
        });
        services.AddSingleton<PortRangeWatch>();
        services.AddSingleton<PortAllocator>();
        AddStore((database, time, provider) => new ServerSettings(
            database, time, provider.GetRequiredService<IOptions<PersistenceOptions>>().Value, provider.GetRequiredService<PortRangeWatch>()));
        AddStore((database, time, _) => new TeamStore(database, time));
        AddStore((database, time, provider) => new TokenStore(database, provider.GetRequiredService<PortAllocator>(), time));
        AddStore((database, time, _) => new ApiKeyStore(database, time));
        AddStore((database, time, _) => new StatsStore(database, time));
        AddStore((database, time, _) => new AuditLog(database, time));
        AddStore((database, _, _) => new PortReader(database));
        AddStore((database, _, _) => new DailyStatistics(database));
        services.AddSingleton<HourSums>();
        AddStore((database, _, _) => new SessionHistory(database));
        AddStore((database, _, _) => new ConnectionLogReader(database));
        AddStore((database, _, provider) => new DatabaseSchema(
            database, provider.GetRequiredService<DatabaseMigrator>(), provider.GetRequiredService<DataDirectoryLock>()));
        AddStore((database, _, provider) => new DatabaseCensus(database, provider.GetRequiredService<ServerSettings>()));
        AddStore((database, _, _) => new DatabaseBackup(database));
        AddStore((database, time, provider) => new RabbitGoImport(database, provider.GetRequiredService<ServerSettings>(), time));
        AddStore((database, _, _) => new AlertStore(database));
        services.AddSingleton<ITokenStore>(provider => provider.GetRequiredService<TokenStore>());

        services.AddSingleton<SessionWriter>();
        services.AddSingleton<ISessionStore, SessionStore>();
        services.AddSingleton(provider =>
        {
            PersistenceOptions options = provider.GetRequiredService<IOptions<PersistenceOptions>>().Value;
            return new ConnectionJournal(Path.Combine(options.Data, "journal"), options.JournalLimit);
        });
        services.AddSingleton<IConnectionLogTable>(provider => provider.GetRequiredService<RabbitDatabase>().Connection.IsPostgres
            ? ActivatorUtilities.CreateInstance<PostgresConnectionLogTable>(provider)
            : ActivatorUtilities.CreateInstance<SqliteConnectionLogTable>(provider));
        services.AddSingleton<ConnectionLogQueue>();
        services.AddSingleton<ConnectionLogWriter>();
        services.AddSingleton<IConnectionLog>(provider => provider.GetRequiredService<ConnectionLogQueue>());

        if (redis.Length > 0)
        {
            services.AddSingleton(_ => new RedisLink(RedisConnection.Parse(redis)));
            services.AddSingleton<IDistributedCache>(provider => new TimedRedisCache(
                new RedisCache(provider.GetRequiredService<IOptions<RedisCacheOptions>>()), provider.GetRequiredService<PersistenceMetrics>(),
                provider.GetRequiredService<TimeProvider>()));
            services.AddOptions<RedisCacheOptions>().Configure<RedisLink>((cache, link) => cache.ConnectionMultiplexerFactory = link.ConnectAsync);
            services.AddSingleton<RedisRevocations>();
            services.AddSingleton<IRevocations>(provider => provider.GetRequiredService<RedisRevocations>());
        }
        else
        {
            services.AddDistributedMemoryCache();
            services.AddSingleton<IRevocations, SilentRevocations>();
        }
        services.AddSingleton<LiveSessionStore>();
        services.AddSingleton(provider => new LiveSessionReader(
            provider.GetRequiredService<IDistributedCache>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<ILiveSessionStore>(provider => provider.GetRequiredService<LiveSessionStore>());

        services.AddSingleton(provider => new DatabaseMigrator(
            provider.GetRequiredService<RabbitDatabase>(), provider.GetRequiredService<ServerSettings>(),
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<DatabaseMigrator>>()));

        services.AddSingleton(provider => new StoreHealth(
            provider.GetRequiredService<RabbitDatabase>(), provider.GetRequiredService<ConnectionLogQueue>()));

        services.AddSingleton(provider => new StoreHandover(
            provider.GetRequiredService<RabbitDatabase>(), provider.GetRequiredService<DataDirectoryLock>(),
            provider.GetRequiredService<SessionWriter>(), provider.GetRequiredService<ConnectionLogWriter>(), provider.GetService<SharedDirectory>()));

        services.AddSingleton<DataDirectoryLock>();
        services.AddHostedService(provider => provider.GetRequiredService<DataDirectoryLock>());
        services.AddHostedService(provider => provider.GetRequiredService<SessionWriter>());
        services.AddHostedService(provider => provider.GetRequiredService<ConnectionLogWriter>());
        services.AddHostedService(provider => provider.GetRequiredService<ConnectionLogQueue>());
        services.AddHostedService<LeftJournals>();
        services.AddHostedService(provider => provider.GetRequiredService<LiveSessionStore>());
        if (isNode)
            services.AddClusterHosting();
        services.AddHostedService<StoreObservations>();
        services.AddHostedService<RetentionService>();
        services.AddHostedService<StatisticsService>();
        if (redis.Length > 0)
            services.AddHostedService(provider => provider.GetRequiredService<RedisRevocations>());
        return services;

        void AddStore<T>(Func<RabbitDatabase, TimeProvider, IServiceProvider, T> make)
            where T : class => services.AddSingleton(provider => make(
                provider.GetRequiredService<RabbitDatabase>(), provider.GetRequiredService<TimeProvider>(), provider));
    }
}
