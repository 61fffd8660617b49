using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Rabbit.Persistence.Model;
using Rabbit.Persistence.Retention;
using Rabbit.Tests.Support;
using Rabbit.Tunneling.State;
using Xunit;

namespace Rabbit.Tests.Persistence.Retention;

public sealed class ConnectionLogPartitionsTests
{
    private const string Default = "connection_logs_default";
    private static readonly string[] Expected = ["connection_logs_2031_01", "connection_logs_2031_02", "connection_logs_2031_03", Default];
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("2028-02-29T23:59:59.999Z", "2028_02", "2028_03", "2028_04")] // a leap year
    [InlineData("2029-02-28T23:59:59.999Z", "2029_02", "2029_03", "2029_04")]
    [InlineData("2027-12-31T23:30:00-01:00", "2028_01", "2028_02", "2028_03")] // January in UTC
    [InlineData("2027-12-01T00:00:00Z", "2027_12", "2028_01", "2028_02")]
    [InlineData("2027-12-31T00:00:00Z", "2027_12", "2028_01", "2028_02")] // two months on there is no 31st
    public async Task Ensure_AnyDay_MakesItsMonthAndTwoMore(string now, params string[] months)
    {
        await using StoreRig rig = await StoreRig.StartAsync(TestDatabaseKind.Postgres);
        await DropAllAsync(rig);
        await EnsureAsync(rig, At(now));
        await EnsureAsync(rig, At(now));
        Assert.Equal([.. months.Select(month => $"connection_logs_{month}"), Default], await PartitionsAsync(rig));

        // Every moment of a month goes into its partition, on either side of its edges.
        DateTimeOffset first = At(months[0].Replace('_', '-') + "-01T00:00:00Z");
        for (int i = 0; i < months.Length; i++)
        {
            foreach (DateTimeOffset moment in new[] { first.AddMonths(i), first.AddMonths(i + 1) - Tick })
            {
                ConnectionLogRow row = StoredConnections.Of(moment);
                await StoredConnections.AddAsync(rig, row);
                Assert.Equal($"connection_logs_{months[i]}", await PartitionOfAsync(rig, row));
            }
        }
        ConnectionLogRow before = StoredConnections.Of(first - Tick);
        await StoredConnections.AddAsync(rig, before);
        Assert.Equal(Default, await PartitionOfAsync(rig, before));
    }

    [Fact]
    public async Task Ensure_RowsInTheDefaultPartition_AreMovedUnchanged()
    {
        await using StoreRig rig = await StoreRig.StartAsync(TestDatabaseKind.Postgres);
        DateTimeOffset month = At("2031-02-01T00:00:00Z");
        ConnectionLogRow[] inside = [.. new[] { month, month.AddDays(27), month.AddMonths(1) - Tick }.Select(StoredConnections.Of)];
        ConnectionLogRow[] outside = [StoredConnections.Of(month - Tick), StoredConnections.Of(month.AddMonths(3))];
        inside[1].Status = ConnectionStatus.Active;
        inside[1].SessionId = Guid.NewGuid();
        await StoredConnections.AddAsync(rig, [.. inside, .. outside]);
        Assert.All(await Task.WhenAll(inside.Select(row => PartitionOfAsync(rig, row))), name => Assert.Equal(Default, name));

        await EnsureAsync(rig, month);
        Assert.All(await Task.WhenAll(inside.Select(row => PartitionOfAsync(rig, row))), name => Assert.Equal("connection_logs_2031_02", name));
        Assert.All(await Task.WhenAll(outside.Select(row => PartitionOfAsync(rig, row))), name => Assert.Equal(Default, name));
        List<ConnectionLogRow> rows = await rig.QueryAsync(
            context => context.ConnectionLogs.AsNoTracking().OrderBy(row => row.StartedAt).ToListAsync(Cancellation));
        Assert.Equivalent(inside.Concat(outside).OrderBy(row => row.StartedAt), rows, strict: true);
        // With the indexes of the others.
        Assert.Equal(6, await rig.QueryAsync(context => context.Database.SqlQuery<int>(
            $"SELECT count(*)::int AS \"Value\" FROM pg_indexes WHERE tablename = 'connection_logs_2031_02'").SingleAsync(Cancellation)));
    }

    [Fact]
    public async Task Ensure_ManyServersAtOnceWhileRowsComeIn_MakesEachOnceAndLosesNoRow()
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(TestDatabaseKind.Postgres);
        StoreRig[] rigs = await Task.WhenAll(Enumerable.Range(0, 4).Select(
            i => StoreRig.StartOnAsync(database, dataDirectory: Path.Combine(database.DataDirectory, $"{i}"))));
        DateTimeOffset month = At("2031-01-31T12:00:00Z");
        ConnectionLogRow[] rows = [.. Enumerable.Range(0, 200).Select(i => StoredConnections.Of(month.AddDays(i)))];
        await Task.WhenAll(
        [
            .. rigs.Select(rig => EnsureAsync(rig, month)),
            .. rows.Chunk(50).Select((chunk, i) => StoredConnections.AddAsync(rigs[i], chunk)),
            .. rigs.Select(rig => EnsureAsync(rig, month)),
        ]);
        Assert.Equal(rows.Select(row => row.StartedAt), await StoredConnections.TimesAsync(rigs[0]));
        List<string> partitions = await PartitionsAsync(rigs[0]);
        Assert.All(Expected, name => Assert.Single(partitions, name));
        Assert.Equal("connection_logs_2031_01", await PartitionOfAsync(rigs[0], rows[0]));
        foreach (StoreRig rig in rigs)
            await rig.DisposeAsync();
    }

    [Fact]
    public async Task Run_MonthsBeforeTheLimit_AreDroppedWhole()
    {
        await using StoreRig rig = await StoreRig.StartAsync(TestDatabaseKind.Postgres);
        await DropAllAsync(rig);
        DateTimeOffset january = At("2030-01-01T00:00:00Z");
        await rig.QueryAsync(async context =>
        {
            await ConnectionLogPartitions.EnsureAsync(context, january.AddMonths(-2), january.AddMonths(3), Cancellation);
            return true;
        });
        await StoredConnections.AddAsync(rig, new[] { january.AddMonths(-2), january - Tick, january, january.AddDays(70) }.Select(StoredConnections.Of));

        // A moment before December is over for 90 days, it stays, but for the row that is that old.
        rig.Time.SetUtcNow(january.AddDays(90) - Tick);
        await Retention(rig).RunAsync(Cancellation);
        Assert.DoesNotContain("connection_logs_2029_11", await PartitionsAsync(rig));
        Assert.Contains("connection_logs_2029_12", await PartitionsAsync(rig));
        Assert.Equal(3, (await StoredConnections.TimesAsync(rig)).Count);
        rig.Time.Advance(Tick);
        await Retention(rig).RunAsync(Cancellation);
        Assert.DoesNotContain("connection_logs_2029_12", await PartitionsAsync(rig));
        Assert.Contains("connection_logs_2030_01", await PartitionsAsync(rig));
        Assert.Equal([january, january.AddDays(70)], await StoredConnections.TimesAsync(rig));
    }

    [Fact]
    public async Task Run_OldMonthWithAnOpenConnection_KeepsThatRowUntilItIsOver()
    {
        await using StoreRig rig = await StoreRig.StartAsync(TestDatabaseKind.Postgres);
        DateTimeOffset old = At("2029-06-15T00:00:00Z");
        await EnsureAsync(rig, old);
        ConnectionLogRow open = StoredConnections.Of(old);
        open.Status = ConnectionStatus.Active;
        await StoredConnections.AddAsync(rig, open, StoredConnections.Of(old.AddDays(1)), StoredConnections.Of(old.AddDays(-1)));

        await Retention(rig).RunAsync(Cancellation);
        Assert.Equal([old], await StoredConnections.TimesAsync(rig));
        Assert.Equal("connection_logs_2029_06", await PartitionOfAsync(rig, open));
        Assert.DoesNotContain("connection_logs_2029_07", await PartitionsAsync(rig));

        await rig.QueryAsync(context => context.ConnectionLogs.ExecuteUpdateAsync(
            set => set.SetProperty(row => row.Status, ConnectionStatus.Closed), Cancellation));
        await Retention(rig).RunAsync(Cancellation);
        Assert.DoesNotContain("connection_logs_2029_06", await PartitionsAsync(rig));
    }

    [Fact]
    public async Task Run_TableLockedByAnother_GivesUpSoonSoThatWritersGoOnAndWorksLater()
    {
        await using StoreRig rig = await StoreRig.StartAsync(TestDatabaseKind.Postgres);
        await EnsureAsync(rig, At("2029-06-15T00:00:00Z"));
        await using (var other = new NpgsqlConnection(rig.Database.Connection.ConnectionString))
        {
            await other.OpenAsync(Cancellation);
            await using NpgsqlTransaction reading = await other.BeginTransactionAsync(Cancellation);
            await using (var read = new NpgsqlCommand("SELECT count(*) FROM connection_logs", other))
                await read.ExecuteNonQueryAsync(Cancellation);
            await Assert.ThrowsAsync<StoreUnavailableException>(() => Retention(rig).RunAsync(Cancellation));
            await StoredConnections.AddAsync(rig, StoredConnections.Of(rig.Time.GetUtcNow()));
        }
        Assert.Contains("connection_logs_2029_06", await PartitionsAsync(rig));
        await Retention(rig).RunAsync(Cancellation);
        Assert.DoesNotContain("connection_logs_2029_06", await PartitionsAsync(rig));
        Assert.Single(await StoredConnections.TimesAsync(rig));
    }

    private static RetentionService Retention(StoreRig rig) => rig.Get<IEnumerable<IHostedService>>().OfType<RetentionService>().Single();

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);

    private static Task EnsureAsync(StoreRig rig, DateTimeOffset now) =>
        rig.Database.RunAsync(context => ConnectionLogPartitions.EnsureAsync(context, now, Cancellation));

    // What a start may have made.
    private static Task<IReadOnlyList<DateTimeOffset>> DropAllAsync(StoreRig rig) =>
        rig.Database.RunAsync(context => ConnectionLogPartitions.DropAsync(context, DateTimeOffset.MaxValue, Cancellation));

    private static async Task<List<string>> PartitionsAsync(StoreRig rig)
    {
        List<string> names = await rig.QueryAsync(context => context.Database.SqlQuery<string>(
            $"SELECT inhrelid::regclass::text AS \"Value\" FROM pg_inherits WHERE inhparent = 'connection_logs'::regclass").ToListAsync(Cancellation));
        names.Sort(StringComparer.Ordinal);
        return names;
    }

    private static Task<string> PartitionOfAsync(StoreRig rig, ConnectionLogRow row) => rig.QueryAsync(context => context.Database.SqlQuery<string>(
        $"SELECT tableoid::regclass::text AS \"Value\" FROM connection_logs WHERE id = {row.Id}").SingleAsync(Cancellation));
}
