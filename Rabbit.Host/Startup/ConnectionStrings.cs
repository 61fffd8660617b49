using Microsoft.Extensions.Caching.Distributed;
using Rabbit.Persistence;
using Rabbit.Persistence.Management;
using Rabbit.Tunneling;

namespace Rabbit.Host.Startup;

/// <summary>Has the database's and Redis' connection strings read, so that a wrong one is told before anything is written.</summary>
internal static class ConnectionStrings
{
    /// <exception cref="FormatException">One sentence about the one that cannot be read.</exception>
    public static void Check(IConfigurationRoot configuration)
    {
        IConfigurationSection section = configuration.GetSection(TunnelingOptions.Section);
        var services = new ServiceCollection();
        services.AddLogging();
        services.Configure<PersistenceOptions>(section);
        services.AddRabbitPersistence(section["Redis"] ?? "");
        using ServiceProvider stores = services.BuildServiceProvider();
        try
        {
            // The stores read them when they are made, and connect when they are used.
            _ = stores.GetRequiredService<TeamStore>();
            _ = stores.GetRequiredService<IDistributedCache>();
        }
        catch (FormatException e)
        {
            throw new FormatException(SettingNames.Use(configuration, e.Message), e);
        }
    }
}
