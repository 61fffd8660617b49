using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.StackExchangeRedis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Rabbit.Persistence.ConnectionLogs;
using Rabbit.Persistence.Database;
using Rabbit.Persistence.LiveSessions;
using Rabbit.Persistence.Management;
using Rabbit.Persistence.Redis;
using Rabbit.Persistence.Revocations;
using Rabbit.Persistence.Sessions;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence;

/// <summary>Registers the stores.</summary>
public static class PersistenceServices
{
    /// <summary>
    /// Adds the database, the stores on it, and live session data. Needs <see cref="PersistenceOptions"/>; its hosted services
    /// must be registered before those that use the database.
    /// </summary>
    /// <param name="services">The collection to add to.</param>
    /// <param name="redis">The configured Redis, or empty; it decides which cache is registered.</param>
    public static IServiceCollection AddRabbitPersistence(this IServiceCollection services, string redis)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(provider =>
        {
            PersistenceOptions options = provider.GetRequiredService<IOptions<PersistenceOptions>>().Value;
            return new RabbitDatabase(DatabaseConnection.Parse(options.Database, options.Data));
        });
        services.AddSingleton<ServerSettings>();
        services.AddSingleton<PortAllocator>();
        AddStore((database, time, _) => new TeamStore(database, time));
        AddStore((database, time, provider) => new TokenStore(database, provider.GetRequiredService<PortAllocator>(), time));
        AddStore((database, time, _) => new ApiKeyStore(database, time));
        AddStore((database, time, _) => new StatsStore(database, time));
        AddStore((database, time, _) => new AuditLog(database, time));
        services.AddSingleton<ITokenStore>(provider => provider.GetRequiredService<TokenStore>());

        services.AddSingleton<SessionWriter>();
        services.AddSingleton<ISessionStore, SessionStore>();
        services.AddSingleton<ConnectionLogWriter>();
        services.AddSingleton<IConnectionLog>(provider => provider.GetRequiredService<ConnectionLogWriter>());

        if (redis.Length > 0)
        {
            services.AddSingleton(_ => new RedisLink(RedisConnection.Parse(redis)));
            services.AddStackExchangeRedisCache(_ => { });
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

        services.AddHostedService<DatabaseMigrator>();
        services.AddHostedService(provider => provider.GetRequiredService<SessionWriter>());
        services.AddHostedService(provider => provider.GetRequiredService<ConnectionLogWriter>());
        services.AddHostedService(provider => provider.GetRequiredService<LiveSessionStore>());
        if (redis.Length > 0)
            services.AddHostedService(provider => provider.GetRequiredService<RedisRevocations>());
        return services;

        void AddStore<T>(Func<RabbitDatabase, TimeProvider, IServiceProvider, T> make)
            where T : class => services.AddSingleton(provider => make(
                provider.GetRequiredService<RabbitDatabase>(), provider.GetRequiredService<TimeProvider>(), provider));
    }
}
