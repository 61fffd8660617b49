using Npgsql;

namespace Rabbit.Tests.Support;

/// <summary>
/// An empty database of its own for one test: a SQLite file in a new data directory, or a new database on the PostgreSQL
/// server that RABBIT_TEST_POSTGRES names. It is gone when the test ends.
/// </summary>
public sealed class TestDatabase : IAsyncDisposable
{
    private readonly string? _name;

    private TestDatabase(string? name, string connectionString)
    {
        _name = name;
        ConnectionString = connectionString;
        DataDirectory = Directory.CreateTempSubdirectory("rabbit-test-").FullName;
    }

    /// <summary>What goes behind <c>--database</c>; empty for SQLite.</summary>
    public string ConnectionString { get; }

    /// <summary>What goes behind <c>--data</c>.</summary>
    public string DataDirectory { get; }

    /// <summary>The kind of database that this is.</summary>
    public TestDatabaseKind Kind => _name is null ? TestDatabaseKind.Sqlite : TestDatabaseKind.Postgres;

    public static async Task<TestDatabase> CreateAsync(TestDatabaseKind kind)
    {
        if (kind == TestDatabaseKind.Sqlite)
            return new TestDatabase(null, "");
        string name = "rabbit_test_" + Guid.NewGuid().ToString("N");
        await ExecuteOnServerAsync($"CREATE DATABASE {name}");
        return new TestDatabase(name, new NpgsqlConnectionStringBuilder(Server()) { Database = name }.ConnectionString);
    }

    public async ValueTask DisposeAsync()
    {
        if (_name is not null)
            await ExecuteOnServerAsync($"DROP DATABASE {_name} WITH (FORCE)");
        Directory.Delete(DataDirectory, recursive: true);
    }

    /// <summary>A variable that test.sh sets. A test that needs it fails without it: what was not run has not passed.</summary>
    internal static string Required(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value
        ? value
        : throw new InvalidOperationException($"{variable} is not set: run ./test.sh, which starts PostgreSQL and Redis for the tests.");

    private static string Server() => Required("RABBIT_TEST_POSTGRES");

    private static async Task ExecuteOnServerAsync(string statement)
    {
        // Unpooled, so that thousands of tests leave no connections behind. The statement holds no input but a name made here.
        var server = new NpgsqlConnectionStringBuilder(Server()) { Pooling = false };
        await using var connection = new NpgsqlConnection(server.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(statement, connection);
        await command.ExecuteNonQueryAsync();
    }
}
