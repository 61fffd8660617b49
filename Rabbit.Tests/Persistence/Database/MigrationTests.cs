using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Database;
using Rabbit.Persistence.Management;
using Rabbit.Persistence.Model;
using Rabbit.Persistence.Statistics;
using Rabbit.Tests.Support;
using Rabbit.Tests.Telemetry;
using Rabbit.Tunneling.State;
using Xunit;

namespace Rabbit.Tests.Persistence.Database;

public sealed class MigrationTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void Model_Sqlite_HasNoChangesWithoutMigration()
    {
        using SqliteRabbitDbContext context = new SqliteDesignTimeFactory().CreateDbContext([]);
        Assert.False(context.Database.HasPendingModelChanges(), "Add a migration to Migrations/Sqlite and one to Migrations/Postgres.");
        Assert.NotEmpty(context.Database.GetMigrations());
    }

    [Fact]
    public void Model_Postgres_HasNoChangesWithoutMigration()
    {
        using PostgresRabbitDbContext context = new PostgresDesignTimeFactory().CreateDbContext([]);
        Assert.False(context.Database.HasPendingModelChanges(), "Add a migration to Migrations/Sqlite and one to Migrations/Postgres.");
        Assert.NotEmpty(context.Database.GetMigrations());
    }

    [Theory, OnBothDatabases]
    [Trait("Property", "P20")]
    public async Task Start_EmptyDatabase_EverythingWorks(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        CreatedToken token = await rig.CreateTokenAsync();
        SessionRecord session = rig.Session(token.Token, epoch: 1);
        await rig.Sessions.SaveAsync(new SessionChange.Opened(session)).WaitAsync(Cancellation);
        rig.ConnectionLog.Record(LogEntries.Of(token.Token.TokenId, rig.Time.GetUtcNow()));
        await rig.StopAsync();

        var statistics = await rig.Get<StatsStore>().ReadAsync(scope: null, Cancellation);
        Assert.Equal(new Rabbit.Persistence.Management.Statistics(ActiveTeams: 1, ActiveTokens: 1, PortAssignments: 1, ActiveSessions: 1, ConnectionsToday: 1), statistics);
        Assert.InRange(token.Token.Port, 10000, 20000);
    }

    [Theory, OnBothDatabases]
    public async Task Start_Again_KeepsTheState(TestDatabaseKind kind)
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(kind);
        CreatedToken token;
        await using (StoreRig first = await StoreRig.StartOnAsync(database))
            token = await first.CreateTokenAsync();

        await using StoreRig second = await StoreRig.StartOnAsync(database);
        TokenRecord? found = await second.Get<ITokenStore>().FindTokenAsync(token.Text.Id, Cancellation);
        Assert.Equal(token.Token.Port, found?.Port);
        Assert.True(token.Text.Matches(found!.SecretHash.Span));
    }

    [Theory, OnBothDatabases]
    public async Task Start_DatabaseOfTheFirstVersion_KeepsItsConnectionLog(TestDatabaseKind kind)
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(kind);
        var connection = DatabaseConnection.Parse(database.ConnectionString, database.DataDirectory);
        using (var old = new RabbitDatabase(connection, UnheardMetrics.OfPersistence()))
        {
            await using RabbitDbContext context = old.Open();
            await context.Database.MigrateAsync("Initial", Cancellation);
            object at = kind == TestDatabaseKind.Sqlite ? 1893326400000 : DateTimeOffset.UnixEpoch.AddMilliseconds(1893326400000);
            await context.Database.ExecuteSqlAsync(
                $"""
                INSERT INTO teams (id, name, description, created_at) VALUES ('team', 'team', '', {at});
                INSERT INTO team_tokens (id, team_id, name, description, secret_hash, kind, created_at, last_epoch)
                    VALUES ('token', 'team', 'token', '', '', 'unknown', {at}, 0);
                INSERT INTO connection_logs (id, token_id, port, visitor_address, visitor_port, started_at, duration_ms,
                        bytes_from_visitor, bytes_to_visitor, status, reason, node)
                    VALUES ('01A20A3B-CB5C-7FD2-8F45-659B82C024C6', 'token', 10000, '203.0.113.7', 51000, {at}, 5, 6, 7, 'closed', '', 'n'),
                        ('01A20A3B-CB5C-7FD2-8F45-659B82C024C7', 'gone', 10000, '203.0.113.7', 51000, {at}, 5, 6, 7, 'closed', '', 'n')
                """, Cancellation);
        }

        await using StoreRig rig = await StoreRig.StartOnAsync(database);
        List<ConnectionLogRow> rows = await rig.QueryAsync(
            context => context.ConnectionLogs.AsNoTracking().OrderBy(row => row.TokenId).ToListAsync(Cancellation));
        Assert.Equal([("gone", "", 7), ("token", "team", 7)], rows.Select(row => (row.TokenId, row.TeamId, row.BytesToVisitor)));
        Assert.All(rows, row => Assert.Equal(new DateTimeOffset(2029, 12, 30, 12, 0, 0, TimeSpan.Zero), row.StartedAt));
        // What was in the log counts in the statistics too.
        var day = DateOnly.FromDateTime(rows[0].StartedAt.UtcDateTime);
        IReadOnlyList<TeamDay> days = await rig.Get<DailyStatistics>().ReadAsync(scope: null, teamId: null, day, day, Cancellation);
        Assert.Equal([("", 1, 7), ("team", 1, 7)], days.Select(one => (one.TeamId, one.Connections, one.BytesToVisitor)));
    }

    [Fact]
    public async Task Start_TwoServersOnOnePostgres_BothStart()
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(TestDatabaseKind.Postgres);
        StoreRig[] rigs = await Task.WhenAll(Enumerable.Range(0, 4).Select(
            i => StoreRig.StartOnAsync(database, dataDirectory: Path.Combine(database.DataDirectory, $"{i}"))));
        int settings = await rigs[0].QueryAsync(context => context.ServerSettings.CountAsync(Cancellation));
        foreach (StoreRig rig in rigs)
            await rig.DisposeAsync();
        Assert.Equal(6, settings);
    }

    [Theory, OnBothDatabases]
    public async Task Start_DatabaseOfANewerVersion_RefusesWithASentence(TestDatabaseKind kind)
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(kind);
        await using (StoreRig first = await StoreRig.StartOnAsync(database))
        {
            await first.QueryAsync(context => context.Database.ExecuteSqlRawAsync(
                "INSERT INTO \"__EFMigrationsHistory\" (\"MigrationId\", \"ProductVersion\") VALUES ('99990101000000_Later', '99.0.0')", Cancellation));
        }

        var refused = await Assert.ThrowsAsync<StoreUnavailableException>(() => StoreRig.StartOnAsync(database));
        Assert.Contains("newer Rabbit", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_MigrationLockOfAKilledProcess_StartsAllTheSame()
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(TestDatabaseKind.Sqlite);
        var options = new DbContextOptionsBuilder<SqliteRabbitDbContext>()
            .UseSqlite($"Data Source={Path.Combine(database.DataDirectory, "rabbit.db")};Pooling=False").Options;
        await using (var context = new SqliteRabbitDbContext(options))
        {
            await context.Database.ExecuteSqlRawAsync(
                """
                CREATE TABLE "__EFMigrationsLock" ("Id" INTEGER NOT NULL PRIMARY KEY, "Timestamp" TEXT NOT NULL);
                INSERT INTO "__EFMigrationsLock" VALUES (1, '2030-01-01');
                """, Cancellation);
        }

        await using StoreRig rig = await StoreRig.StartOnAsync(database).WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
        Assert.Equal(0, await rig.QueryAsync(context => context.Teams.CountAsync(Cancellation)));
    }
}
