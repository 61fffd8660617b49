using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Rabbit.Persistence;
using Rabbit.Persistence.Database;
using Rabbit.Persistence.Model;

namespace Rabbit.Benchmarks.Database;

/// <summary>A server's database, its tables up to date.</summary>
internal sealed class OpenedDatabase : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    private OpenedDatabase(ServiceProvider services) => _services = services;

    public IServiceProvider Services => _services;

    public RabbitDatabase Database => _services.GetRequiredService<RabbitDatabase>();

    /// <summary>Opens what the server's flags of the same names would.</summary>
    public static async Task<OpenedDatabase> OpenAsync(string database, string data, CancellationToken cancellationToken)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddOptions<PersistenceOptions>().Configure(options => (options.Database, options.Data) = (database, data));
        services.AddRabbitPersistence(redis: "");
        var opened = new OpenedDatabase(services.BuildServiceProvider());
        try
        {
            Directory.CreateDirectory(data);
            await opened._services.GetRequiredService<DatabaseMigrator>().MigrateAsync(cancellationToken);
            return opened;
        }
        catch
        {
            await opened.DisposeAsync();
            throw;
        }
    }

    /// <summary>A context whose statements may take as long as they need.</summary>
    public async Task<RabbitDbContext> ConnectAsync(CancellationToken cancellationToken)
    {
        RabbitDbContext context = Database.Open();
        context.Database.SetCommandTimeout(TimeSpan.FromHours(1));
        await context.Database.OpenConnectionAsync(cancellationToken);
        return context;
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
