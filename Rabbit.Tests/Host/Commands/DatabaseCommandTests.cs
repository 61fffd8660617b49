using System.Runtime.Versioning;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Host.Commands;

/// <summary><c>rabbit database</c> as operators run it, beside a running server and without one.</summary>
[SupportedOSPlatform("linux")]
public sealed class DatabaseCommandTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.PostgresAndRedis)]
    [Trait("Property", "P20")]
    public async Task Migrate_EmptyDatabase_MakesOneThatTheOtherCommandsRead(Engine engine)
    {
        await using Installation installation = await Installation.CreateAsync(engine);
        string before = await CommandRun.FailDatabaseAsync(installation, "health");
        Assert.Contains("rabbit database migrate", before, StringComparison.Ordinal);
        await CommandRun.FailDatabaseAsync(installation, "stats");
        Assert.Empty(Directory.GetFileSystemEntries(installation.Data));

        Match applied = Regex.Match(await CommandRun.DatabaseAsync(installation, "migrate"), @"applied ([1-9]\d*) of \1 migrations");
        Assert.True(applied.Success);
        Assert.Contains($"applied 0 of {applied.Groups[1].Value} migrations", await CommandRun.DatabaseAsync(installation, "migrate"), StringComparison.Ordinal);
        Assert.Contains("is healthy", Assert.Single((await CommandRun.DatabaseAsync(installation, "health")).Split('\n')), StringComparison.Ordinal);
        JsonElement stats = await JsonAsync(installation, "stats");
        Assert.Equal((0, 10000, 20000), (
            stats.GetProperty("tokens").GetInt32(), stats.GetProperty("port_range").GetProperty("first").GetInt32(),
            stats.GetProperty("port_range").GetProperty("last").GetInt32()));
    }

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.PostgresAndRedis)]
    public async Task Commands_BesideARunningServer_SeeAndChangeItsState(Engine engine)
    {
        await using Installation installation = await Installation.CreateAsync(engine);
        RabbitProcess server = await installation.StartAsync();
        TestToken token = await server.CreateTokenAsync();
        using NativePeer client = await NativePeer.LoginAsync(server.ControlPort, token);

        JsonElement stats = await JsonAsync(installation, "stats");
        Assert.Equal((1, 2, 2, 1), (
            stats.GetProperty("teams").GetInt32(), stats.GetProperty("tokens").GetInt32(), stats.GetProperty("ports_assigned").GetInt32(),
            stats.GetProperty("sessions_connected").GetInt32()));
        Assert.False(stats.GetProperty("log_rows_estimated").GetBoolean());
        Assert.True(stats.GetProperty("size_bytes").GetInt64() > 10_000);
        Assert.Contains("1 connected", await CommandRun.DatabaseAsync(installation, "stats"), StringComparison.Ordinal);

        JsonElement team = Assert.Single((await JsonAsync(installation, "list-teams")).EnumerateArray());
        Assert.Contains(team.GetProperty("tokens").EnumerateArray(), listed =>
            (listed.GetProperty("token_id").GetString(), listed.GetProperty("port").GetInt32()) == (token.Id, token.Port));
        string table = await CommandRun.DatabaseAsync(installation, "list-teams");
        Assert.Single(table.Split('\n'), line => line.Contains(token.Id, StringComparison.Ordinal) && line.Contains($"{token.Port}", StringComparison.Ordinal));
        Assert.True((await JsonAsync(installation, "health")).GetProperty("healthy").GetBoolean());

        int last = installation.FirstTunnelPort + 19;
        JsonElement changed = await JsonAsync(installation, "set-port-range", $"{last}-{last}");
        Assert.Equal(2, changed.GetProperty("tokens_outside").GetInt32());
        Assert.Equal(last, (await server.CreateTokenAsync()).Port);

        if (engine == Engine.Sqlite)
            Assert.Contains("Another rabbit server uses the data directory", await CommandRun.FailDatabaseAsync(installation, "migrate"), StringComparison.Ordinal);
        else
            Assert.Contains("applied 0 of", await CommandRun.DatabaseAsync(installation, "migrate"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.PostgresAndRedis)]
    public async Task Commands_DatabaseOfAnotherVersion_SaySo(Engine engine)
    {
        await using Installation installation = await Installation.CreateAsync(engine);
        await CommandRun.DatabaseAsync(installation, "migrate");
        await ExecuteAsync(installation, "DELETE FROM \"__EFMigrationsHistory\" WHERE \"MigrationId\" LIKE '%ConnectionLogsByMonth'");
        foreach (string[] command in new string[][] { ["health"], ["stats"], ["list-teams"], ["set-port-range", "1-2"] })
            Assert.Contains("1 migration behind", await CommandRun.FailDatabaseAsync(installation, command), StringComparison.Ordinal);

        await ExecuteAsync(installation, "INSERT INTO \"__EFMigrationsHistory\" (\"MigrationId\", \"ProductVersion\") VALUES ('99990101000000_Later', '99.0.0')");
        foreach (string[] command in new string[][] { ["health"], ["stats"], ["list-teams"], ["set-port-range", "1-2"], ["migrate"] })
            Assert.Contains("written by a newer Rabbit", await CommandRun.FailDatabaseAsync(installation, command), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Health_FileIsDamaged_IsNotHealthy()
    {
        await using Installation installation = await Installation.CreateAsync();
        await CommandRun.DatabaseAsync(installation, "migrate");
        await using (FileStream file = File.Open(Path.Combine(installation.Data, "rabbit.db"), FileMode.Open))
        {
            // Everything behind the first page, which tells where the tables are.
            file.Position = 4096;
            await file.WriteAsync(new byte[file.Length - 4096], Cancellation);
        }
        Assert.Contains("is damaged", await CommandRun.FailDatabaseAsync(installation, "health"), StringComparison.Ordinal);
        CommandRun json = await CommandRun.OfAsync(Programs.Rabbit, "database", "health", "--json", "--data", installation.Data);
        Assert.Equal(1, json.Status);
        Assert.False(JsonDocument.Parse(json.Output).RootElement.GetProperty("healthy").GetBoolean());
    }

    [Fact]
    public async Task Health_PostgresHasNoSuchDatabase_SaysToCreateIt()
    {
        CommandRun run = await CommandRun.OfAsync(Programs.Rabbit, "database", "health", "--database", TestServers.Postgres + ";Database=nowhere");
        Assert.Equal(1, run.Status);
        Assert.Contains("create the database", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Backup_FileExistsOrCannotBeWritten_IsRefusedAndLeavesNothing()
    {
        await using Installation installation = await Installation.CreateAsync();
        using var target = new TempDirectory();
        string file = target.File("backup.db");
        Assert.Contains("There is no database", await CommandRun.FailDatabaseAsync(installation, "backup", file), StringComparison.Ordinal);
        await CommandRun.DatabaseAsync(installation, "migrate");
        Assert.Contains("cannot be written", await CommandRun.FailDatabaseAsync(installation, "backup", target.File("nowhere/backup.db")), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(target.Path));

        await File.WriteAllTextAsync(file, "precious", Cancellation);
        Assert.Contains("exists already", await CommandRun.FailDatabaseAsync(installation, "backup", file), StringComparison.Ordinal);
        Assert.Equal("precious", await File.ReadAllTextAsync(file, Cancellation));
        Assert.Equal([file], Directory.GetFileSystemEntries(target.Path));
    }

    [Fact]
    public async Task Backup_Postgres_NamesItsOwnTool()
    {
        await using Installation installation = await Installation.CreateAsync(Engine.PostgresAndRedis);
        using var target = new TempDirectory();
        Assert.Contains("pg_dump", await CommandRun.FailDatabaseAsync(installation, "backup", target.File("backup")), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(target.Path));
    }

    private static async Task<JsonElement> JsonAsync(Installation installation, params string[] arguments)
    {
        using JsonDocument document = JsonDocument.Parse(await CommandRun.DatabaseAsync(installation, [.. arguments, "--json"]));
        return document.RootElement.Clone();
    }

    private static async Task ExecuteAsync(Installation installation, string statement)
    {
        DbContextOptionsBuilder options = installation.Database is { } database
            ? new DbContextOptionsBuilder().UseNpgsql(database + ";Pooling=false")
            : new DbContextOptionsBuilder().UseSqlite($"Data Source={Path.Combine(installation.Data, "rabbit.db")};Pooling=false");
        await using var context = new DbContext(options.Options);
        Assert.Equal(1, await context.Database.ExecuteSqlRawAsync(statement, Cancellation));
    }
}
