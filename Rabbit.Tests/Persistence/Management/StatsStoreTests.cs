using Rabbit.Persistence.Management;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Persistence.Management;

public sealed class StatsStoreTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory, OnBothDatabases]
    public async Task Read_OverADay_CountsTheConnectionsSinceMidnight(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        DateTimeOffset midnight = new(2031, 5, 5, 0, 0, 0, TimeSpan.Zero);
        await StoredConnections.AddAsync(rig, StoredConnections.Of(midnight.AddMilliseconds(-1)));
        for (int quarter = 0; quarter < 96; quarter++)
        {
            rig.Time.SetUtcNow(midnight.AddMinutes(15 * quarter));
            await StoredConnections.AddAsync(rig, StoredConnections.Of(rig.Time.GetUtcNow()));
            Assert.Equal(quarter + 1, await CountAsync(rig));
        }
        rig.Time.SetUtcNow(midnight.AddDays(1));
        Assert.Equal(0, await CountAsync(rig));
    }

    [Theory, OnBothDatabases]
    public async Task Read_RowStoredHoursLate_IsCountedSoon(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        DateTimeOffset midnight = new(2031, 5, 5, 0, 0, 0, TimeSpan.Zero);
        rig.Time.SetUtcNow(midnight.AddHours(12.5));
        Assert.Equal(0, await CountAsync(rig));
        await StoredConnections.AddAsync(rig, StoredConnections.Of(midnight.AddHours(3.5)));
        rig.Time.Advance(TimeSpan.FromMinutes(11));
        int counted = 0;
        for (int look = 0; look < 12 && counted == 0; look++)
            counted = await CountAsync(rig);
        Assert.Equal(1, counted);
    }

    private static async Task<int> CountAsync(StoreRig rig) => (await rig.Get<StatsStore>().ReadAsync(scope: null, Cancellation)).ConnectionsToday;
}
