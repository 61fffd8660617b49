using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Database;
using Rabbit.Persistence.Model;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Persistence.Database;

/// <summary>Which migrations may be applied while another server works with the tables.</summary>
public sealed class AdditiveMigrationsTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [OnBothDatabases]
    public async Task MigrateBesideEarlier_UpToDate_DoesNothing(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        Assert.Equal(0, await rig.Get<DatabaseMigrator>().MigrateBesideEarlierAsync(Cancellation));
    }

    [Theory]
    [OnBothDatabases]
    public async Task FindOther_TellsWhatOnlyAddsFromWhatChanges(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        await using RabbitDbContext context = rig.Database.Open();
        string[] migrations = [.. context.Database.GetMigrations()];
        // The first makes tables and their indexes; the second moves rows into another table.
        Assert.Null(AdditiveMigrations.FindOther(context, migrations[..1]));
        Assert.Equal(migrations[1], AdditiveMigrations.FindOther(context, migrations));
    }
}
