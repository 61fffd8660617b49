using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Model;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Persistence.Database;

public sealed class SqliteFileTests
{
    [Fact]
    public async Task Open_AnyConnection_IsDurableAndChecksForeignKeys()
    {
        await using StoreRig rig = await StoreRig.StartAsync(TestDatabaseKind.Sqlite);
        Assert.Equal("wal", await PragmaAsync(rig, "PRAGMA journal_mode"));
        Assert.Equal("1", await PragmaAsync(rig, "PRAGMA synchronous"));
        Assert.Equal("1", await PragmaAsync(rig, "PRAGMA foreign_keys"));
    }

    [Fact]
    public async Task Query_TimesAndEnums_CompareInTheDatabase()
    {
        await using StoreRig rig = await StoreRig.StartAsync(TestDatabaseKind.Sqlite);
        await rig.CreateTokenAsync(expiresInDays: 1);
        DateTimeOffset now = rig.Time.GetUtcNow();
        // The same moment in another offset is the same moment.
        DateTimeOffset end = now.AddDays(1).ToOffset(TimeSpan.FromHours(9));
        Assert.Equal(1, await rig.QueryAsync(context => context.Tokens.CountAsync(row => row.ExpiresAt <= end)));
        Assert.Equal(0, await rig.QueryAsync(context => context.Tokens.CountAsync(row => row.ExpiresAt < end)));
    }

    private static Task<string> PragmaAsync(StoreRig rig, string pragma) => rig.QueryAsync(async (RabbitDbContext context) =>
    {
        await context.Database.OpenConnectionAsync();
        await using var command = context.Database.GetDbConnection().CreateCommand();
        command.CommandText = pragma;
        return (await command.ExecuteScalarAsync())!.ToString()!;
    });
}
