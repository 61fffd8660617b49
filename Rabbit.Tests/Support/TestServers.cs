using Npgsql;

namespace Rabbit.Tests.Support;

/// <summary>The private PostgreSQL and Redis that test.sh starts for a run.</summary>
internal static class TestServers
{
    public static string Postgres => Read("RABBIT_TEST_POSTGRES");

    public static string Redis => Read("RABBIT_TEST_REDIS");

    /// <summary>Makes an empty database; its connection string.</summary>
    public static async Task<string> CreateDatabaseAsync(string server, CancellationToken cancellationToken)
    {
        string name = $"e2e_{Guid.NewGuid():N}";
        await using var connection = new NpgsqlConnection(server + ";Database=postgres;Pooling=false");
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand($"CREATE DATABASE {name}", connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
        return $"{server};Database={name}";
    }

    private static string Read(string variable) => Environment.GetEnvironmentVariable(variable)
        ?? throw new InvalidOperationException($"{variable} is not set: run the tests by ./test.sh, which starts the servers that they need.");
}
