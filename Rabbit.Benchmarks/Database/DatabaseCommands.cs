using System.CommandLine;

namespace Rabbit.Benchmarks.Database;

/// <summary>The commands that work on a database: they are no benchmarks of BenchmarkDotNet.</summary>
internal static class DatabaseCommands
{
    /// <summary>Whether the arguments name one of them.</summary>
    public static bool Match(string[] args) => args is ["seed" or "queries", ..];

    public static Task<int> RunAsync(string[] args)
    {
        var database = new Option<string>("--database") { Description = "postgres://name@host/database; without it SQLite in --data.", DefaultValueFactory = _ => "" };
        var data = new Option<string>("--data") { Description = "Data directory of SQLite.", DefaultValueFactory = _ => "rabbit-data" };
        database.Recursive = data.Recursive = true;
        var root = new RootCommand("Fills a database, and measures the queries of the API on it.")
        {
            database, data, SeedCommand.Create(database, data), QueriesCommand.Create(database, data),
        };
        return root.Parse(args).InvokeAsync();
    }
}
