using System.Net.Sockets;
using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Model;
using Xunit;

namespace Rabbit.Tests.Support;

/// <summary>
/// What survives a restart of the server: its data directory, database and ports. Servers are started on it one after the
/// other, each a real process.
/// </summary>
internal sealed class Installation : IAsyncDisposable
{
    private const int FewTunnelPorts = 20;

    private readonly TempDirectory _data = new();
    private readonly List<RabbitProcess> _started = [];

    private Installation(string? database, string? redis, string bind = "127.0.0.1", int tunnelPorts = FewTunnelPorts, int? firstPort = null)
    {
        Database = database;
        Redis = redis;
        Bind = bind;
        TunnelPorts = tunnelPorts;
        int first = firstPort ?? ReservedPorts.Take(tunnelPorts + 1);
        ControlPort = first;
        FirstTunnelPort = first + 1;
    }

    /// <summary>Connection string of PostgreSQL, or null for SQLite.</summary>
    public string? Database { get; }

    public string? Redis { get; }

    /// <summary>The address of its control port and tunnel ports.</summary>
    public string Bind { get; }

    public string Data => _data.Path;

    public int ControlPort { get; }

    public int FirstTunnelPort { get; }

    /// <summary>How many tunnel ports it has.</summary>
    public int TunnelPorts { get; }

    /// <summary>The port of the API; 0, unless it must stay the same, for another at each start.</summary>
    public int ApiPort { get; set; }

    /// <summary>Makes a socket by which its API can be reached; null for any.</summary>
    public Func<Socket>? MakeApiSocket { get; init; }

    /// <summary>An empty installation on SQLite whose ports are at another address, in a network of its own.</summary>
    public static Installation CreateAt(string bind, Func<Socket> makeSocket) => new(null, null, bind) { MakeApiSocket = makeSocket };

    /// <summary>An empty installation.</summary>
    public static async Task<Installation> CreateAsync(Engine engine = Engine.Sqlite) => engine == Engine.Sqlite
        ? new Installation(null, null)
        : new Installation(
            await TestServers.CreateDatabaseAsync(TestServers.Postgres, TestContext.Current.CancellationToken), TestServers.Redis);

    /// <summary>An empty installation at an address, on SQLite.</summary>
    public static Installation CreateAt(string address) => new(null, null, address);

    /// <summary>An empty installation with so many tunnel ports, on SQLite.</summary>
    public static Installation CreateLarge(int tunnelPorts) => new(null, null, tunnelPorts: tunnelPorts);

    /// <summary>An empty installation on servers of the test's own.</summary>
    public static async Task<Installation> CreateAsync(string postgres, string redis) =>
        new(await TestServers.CreateDatabaseAsync(postgres, TestContext.Current.CancellationToken), redis);

    /// <summary>An empty installation of a node: at an address of its own, with the ports that all nodes of its cluster have.</summary>
    public static Installation CreateNode(string database, string redis, string address, int firstPort, int tunnelPorts) =>
        new(database, redis, address, tunnelPorts, firstPort);

    /// <summary>
    /// A place for another server on the database of this one, which has been started once. It has a directory and an address of
    /// its own, so that no port is in the other's way, and takes the same admin key.
    /// </summary>
    public Installation Beside(string redis)
    {
        var other = new Installation(Database, redis, "127.0.0.2");
        File.Copy(_data.File("admin.key"), other._data.File("admin.key"));
        return other;
    }

    /// <summary>Starts a server and waits until it listens.</summary>
    /// <param name="environment">Settings by their variables, as <c>RABBIT_HANDSHAKE_TIMEOUT</c>.</param>
    public async Task<RabbitProcess> StartAsync(params (string Name, string Value)[] environment)
    {
        RabbitProcess server = Launch(environment);
        await server.WaitUntilListeningAsync();
        return server;
    }

    /// <summary>Starts a server by another program, which becomes it, and waits until it listens.</summary>
    public async Task<RabbitProcess> StartOnAsync(string[] launcher, params (string Name, string Value)[] environment)
    {
        RabbitProcess server = Launch(launcher, environment);
        await server.WaitUntilListeningAsync();
        return server;
    }

    /// <summary>Starts a server that may not listen at once.</summary>
    public RabbitProcess Launch(params (string Name, string Value)[] environment) => Launch([], environment);

    /// <summary>Starts a server that takes over from the one that runs, and waits until it serves.</summary>
    public async Task<RabbitProcess> TakeOverAsync(params (string Name, string Value)[] environment)
    {
        RabbitProcess successor = LaunchSuccessor(environment);
        await successor.WaitUntilListeningAsync();
        return successor;
    }

    /// <summary>The same by another program, which becomes it.</summary>
    public async Task<RabbitProcess> TakeOverOnAsync(string[] launcher)
    {
        RabbitProcess successor = Launch(launcher, [], "--takeover");
        await successor.WaitUntilListeningAsync();
        return successor;
    }

    /// <summary>Starts a server that is to take over, and may fail.</summary>
    public RabbitProcess LaunchSuccessor(params (string Name, string Value)[] environment) => Launch([], environment, "--takeover");

    /// <summary>Starts a server under a program that does for it what systemd does: service-manager.py. The process is that program.</summary>
    public RabbitProcess LaunchManaged(params (string Name, string Value)[] environment) => Launch(
        ["python3", "-u", Path.Combine(AppContext.BaseDirectory, "Support", "service-manager.py"), _data.File("notify")], environment);

    private RabbitProcess Launch(string[] launcher, (string Name, string Value)[] environment, params string[] more)
    {
        var server = new RabbitProcess(this, launcher, environment.ToDictionary(pair => pair.Name, pair => pair.Value), more);
        _started.Add(server);
        return server;
    }

    public IEnumerable<string> Arguments()
    {
        yield return "server";
        foreach (var (option, value) in new[]
        {
            ("--bind", Bind), ("--port", $"{ControlPort}"), ("--api-port", $"{ApiPort}"), ("--data", Data),
            ("--port-range", $"{FirstTunnelPort}-{FirstTunnelPort + TunnelPorts - 1}"), ("--database", Database), ("--redis", Redis),
        })
        {
            if (value is null)
                continue;
            yield return option;
            yield return value;
        }
    }

    /// <summary>The server's tables, to look at.</summary>
    public RabbitDbContext OpenDatabase() => OpenDatabase("ReadOnly");

    /// <summary>The server's tables, to break something.</summary>
    public RabbitDbContext OpenDatabaseToWrite() => OpenDatabase("ReadWrite");

    private RabbitDbContext OpenDatabase(string mode) => Database is null
        ? new SqliteRabbitDbContext(new DbContextOptionsBuilder<SqliteRabbitDbContext>()
            .UseSqlite($"Data Source={_data.File("rabbit.db")};Mode={mode};Pooling=false").Options)
        : new PostgresRabbitDbContext(new DbContextOptionsBuilder<PostgresRabbitDbContext>()
            .UseNpgsql(Database + ";Pooling=false").Options);

    /// <summary>The rows of client sessions, oldest first.</summary>
    public async Task<List<SessionRow>> SessionsAsync(int port)
    {
        await using RabbitDbContext database = OpenDatabase();
        return await database.Sessions.AsNoTracking().Where(row => row.Port == port).OrderBy(row => row.StartedAt)
            .ToListAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>The rows of visitors, oldest first.</summary>
    public async Task<List<ConnectionLogRow>> VisitsAsync(int port)
    {
        await using RabbitDbContext database = OpenDatabase();
        return await database.ConnectionLogs.AsNoTracking().Where(row => row.Port == port).OrderBy(row => row.StartedAt)
            .ToListAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (RabbitProcess server in _started)
            await server.DisposeAsync();
        _data.Dispose();
    }
}
