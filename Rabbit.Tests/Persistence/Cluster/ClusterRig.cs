using Npgsql;
using Rabbit.Persistence.Management;
using Rabbit.Tests.Support;
using Rabbit.Tunneling.State;
using Xunit;

namespace Rabbit.Tests.Persistence.Cluster;

/// <summary>A PostgreSQL database and a Redis of a test's own, and directories on them as nodes of one cluster.</summary>
internal sealed class ClusterRig : IAsyncDisposable
{
    private readonly List<IAsyncDisposable> _parts = [];
    private readonly StoreRig _stores;

    private ClusterRig(TestDatabase database, PrivateServer redis, StoreRig stores)
    {
        Database = database;
        Redis = redis;
        _stores = stores;
    }

    public TestDatabase Database { get; }

    public PrivateServer Redis { get; }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<ClusterRig> StartAsync()
    {
        PrivateServer redis = PrivateServer.MakeRedis();
        await redis.StartAsync();
        TestDatabase database = await TestDatabase.CreateAsync(TestDatabaseKind.Postgres);
        return new ClusterRig(database, redis, await StoreRig.StartOnAsync(database));
    }

    /// <summary>Starts a node; <paramref name="redis"/> and <paramref name="database"/> may lead there by detours.</summary>
    /// <param name="isServing">False: it lets go of nothing by itself.</param>
    public async Task<NodeRig> AddNodeAsync(string name, string? redis = null, string? database = null, bool isServing = true)
    {
        var node = new NodeRig(name, redis ?? Redis.RedisConnection, database ?? Database.ConnectionString);
        _parts.Add(node);
        await node.StartAsync(isServing);
        return node;
    }

    /// <summary>A line to Redis that can be broken.</summary>
    public BreakableLine RedisLine()
    {
        var line = new BreakableLine("127.0.0.1", Redis.Port);
        _parts.Add(line);
        return line;
    }

    /// <summary>A line to the database that can be broken, and what leads through it.</summary>
    public (BreakableLine Line, string Connection) DatabaseLine()
    {
        var server = new NpgsqlConnectionStringBuilder(Database.ConnectionString);
        var line = new BreakableLine(server.Host!, server.Port);
        _parts.Add(line);
        return (line, new NpgsqlConnectionStringBuilder(Database.ConnectionString) { Host = "127.0.0.1", Port = line.Port }.ConnectionString);
    }

    public async Task<TokenRecord> CreateTokenAsync()
    {
        CreatedToken token = await _stores.CreateTokenAsync();
        return (await _stores.Tokens.FindTokenAsync(token.Text.Id, Cancellation))!;
    }

    public Task StoreAsync(SessionChange change) => _stores.Sessions.SaveAsync(change);

    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable part in Enumerable.Reverse(_parts))
            await part.DisposeAsync();
        await _stores.DisposeAsync();
        await Redis.DisposeAsync();
        await Database.DisposeAsync();
    }
}
