using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Rabbit.Persistence;
using Rabbit.Persistence.ConnectionLogs;
using Rabbit.Persistence.ConnectionLogs.Journal;
using Rabbit.Persistence.Database;
using Rabbit.Persistence.Management;
using Rabbit.Persistence.Model;
using Rabbit.Tests.Support;
using Rabbit.Tunneling.State;
using Xunit;

namespace Rabbit.Tests.Persistence;

/// <summary>All of Rabbit.Persistence as the host composes it, started on a database, with the clock in the test's hand.</summary>
internal sealed class StoreRig : IAsyncDisposable
{
    private readonly TestDatabase? _owned;
    private readonly ServiceProvider _services;
    private readonly List<IHostedService> _started = [];

    private StoreRig(TestDatabase? owned, string connectionString, string dataDirectory, Action<PersistenceOptions>? configure)
    {
        _owned = owned;
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddProvider(Log));
        services.AddSingleton<TimeProvider>(Time);
        services.AddOptions<PersistenceOptions>().Configure(options =>
        {
            options.Database = connectionString;
            options.Data = dataDirectory;
            options.Node = "node-a";
            configure?.Invoke(options);
        });
        services.AddRabbitPersistence(redis: "");
        _services = services.BuildServiceProvider();
    }

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2030, 1, 1, 12, 0, 0, TimeSpan.Zero));
    public LogLines Log { get; } = new();
    public RabbitDatabase Database => Get<RabbitDatabase>();
    public ISessionStore Sessions => Get<ISessionStore>();
    public IConnectionLog ConnectionLog => Get<IConnectionLog>();
    public TeamStore Teams => Get<TeamStore>();
    public TokenStore Tokens => Get<TokenStore>();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Starts on an empty database, which goes with the rig.</summary>
    public static async Task<StoreRig> StartAsync(TestDatabaseKind kind, Action<PersistenceOptions>? configure = null)
    {
        TestDatabase database = await TestDatabase.CreateAsync(kind);
        return await StartAsync(new StoreRig(database, database.ConnectionString, database.DataDirectory, configure));
    }

    /// <summary>Starts on a database that the test owns; <paramref name="connectionString"/> may lead to it by a detour.</summary>
    public static Task<StoreRig> StartOnAsync(TestDatabase database, string? connectionString = null, string? dataDirectory = null) =>
        StartAsync(new StoreRig(null, connectionString ?? database.ConnectionString, dataDirectory ?? database.DataDirectory, null));

    public T Get<T>() where T : notnull => _services.GetRequiredService<T>();

    public Task<T> QueryAsync<T>(Func<RabbitDbContext, Task<T>> query) => Database.RunAsync(query);

    /// <summary>A writer beside the rig's own, for a journal of the test's.</summary>
    public ConnectionLogWriter NewWriter(ConnectionJournal journal) => ActivatorUtilities.CreateInstance<ConnectionLogWriter>(_services, journal);

    public async Task<CreatedToken> CreateTokenAsync(int? expiresInDays = null, int? port = null)
    {
        ManagementResult<Team> team = await Teams.CreateAsync(Guid.NewGuid().ToString(), "", Cancellation);
        ManagementResult<CreatedToken> token = await Tokens.CreateAsync(
            team.Value!.TeamId, "token", "", expiresInDays, port, ServiceKind.Postgres, Cancellation);
        Assert.Equal("", token.Sentence);
        return token.Value!;
    }

    public SessionRecord Session(Token token, long epoch, Guid? id = null) => new(
        id ?? Guid.NewGuid(), token.TokenId, token.Port, epoch, SessionProtocol.Native, "192.0.2.1:4000", "host", "tunnel-client 1",
        5432, "node-a", Time.GetUtcNow());

    /// <summary>Stops what runs, so that everything queued is written; the database stays.</summary>
    public async Task StopAsync()
    {
        foreach (IHostedService service in Enumerable.Reverse(_started))
            await service.StopAsync(Cancellation);
        _started.Clear();
    }

    /// <summary>Ends as kill -9 does: nothing is flushed, but the process's locks and connections are gone.</summary>
    public async Task VanishAsync()
    {
        _started.Clear();
        await _services.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _services.DisposeAsync();
        if (_owned is not null)
            await _owned.DisposeAsync();
    }

    private static async Task<StoreRig> StartAsync(StoreRig rig)
    {
        try
        {
            foreach (IHostedService service in rig._services.GetServices<IHostedService>())
            {
                await service.StartAsync(Cancellation);
                rig._started.Add(service);
            }
            await rig.Get<DatabaseMigrator>().MigrateAsync(Cancellation);
            await rig.Get<ConnectionLogWriter>().CaughtUp.WaitAsync(Cancellation);
            return rig;
        }
        catch
        {
            await rig.DisposeAsync();
            throw;
        }
    }
}
