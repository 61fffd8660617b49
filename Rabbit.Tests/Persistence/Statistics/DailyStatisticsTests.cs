using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.ConnectionLogs;
using Rabbit.Persistence.Model;
using Rabbit.Persistence.Statistics;
using Rabbit.Tests.Support;
using Rabbit.Tunneling.State;
using Xunit;

namespace Rabbit.Tests.Persistence.Statistics;

/// <summary>The sums by day are what the log itself says, at every moment.</summary>
public sealed class DailyStatisticsTests
{
    private const int Hours = 60;
    private static readonly string[] Teams = ["a", "b", "c"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory, OnBothDatabases]
    public async Task Read_AfterAnySequenceOfBatchesAndSums_IsWhatTheLogSays(TestDatabaseKind kind)
    {
        int seed = Seed.Choose();
        var random = new Random(seed);
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        var table = rig.Get<IConnectionLogTable>();
        var sums = rig.Get<HourSums>();
        var entries = new List<ConnectionLogEntry>();
        for (int step = 0; step < 40; step++)
        {
            switch (random.Next(4))
            {
                case 0:
                    await sums.RunAsync(Cancellation);
                    break;
                case 1 when entries.Count > 0:
                    // Some end, some are written again as they are.
                    ConnectionLogEntry[] again = [.. entries.Where(_ => random.Next(3) == 0).Select(entry => entry.Status == ConnectionStatus.Active ? End(entry, random) : entry)];
                    entries = [.. entries.Select(entry => again.FirstOrDefault(one => one.Id == entry.Id) ?? entry)];
                    await table.ReplaceAsync(again, Cancellation);
                    break;
                default:
                    ConnectionLogEntry[] batch = [.. Enumerable.Range(0, random.Next(1, 30)).Select(_ => Make(rig, random))];
                    entries.AddRange(batch);
                    await table.ReplaceAsync(batch, Cancellation);
                    break;
            }
            await AssertSumsAsync(rig, $"seed {seed}, step {step}");
        }
        rig.Time.Advance(TimeSpan.FromHours(3));
        await sums.RunAsync(Cancellation);
        Assert.Equal(0, await rig.QueryAsync(context => context.DueHours.CountAsync(Cancellation)));
        await AssertSumsAsync(rig, $"seed {seed}, all summed up");
    }

    [Theory, OnBothDatabases]
    public async Task Read_WhileRowsComeAndAreSummedUp_MissesNone(TestDatabaseKind kind)
    {
        var random = new Random(Seed.Choose());
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        var table = rig.Get<IConnectionLogTable>();
        var sums = rig.Get<HourSums>();
        using var written = new CancellationTokenSource();
        Task summing = Task.Run(async () =>
        {
            while (!written.IsCancellationRequested)
                await sums.RunAsync(Cancellation);
        }, Cancellation);
        for (int batch = 0; batch < 100; batch++)
            await table.ReplaceAsync([.. Enumerable.Range(0, 20).Select(_ => End(Make(rig, random), random))], Cancellation);
        await written.CancelAsync();
        await summing;
        await sums.RunAsync(Cancellation);
        await AssertSumsAsync(rig, "written while it was summed up");
    }

    [Theory, OnBothDatabases]
    public async Task Read_InScope_IsOneTeamsOnly(TestDatabaseKind kind)
    {
        var random = new Random(1);
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        await rig.Get<IConnectionLogTable>().ReplaceAsync([.. Enumerable.Range(0, 50).Select(_ => End(Make(rig, random), random))], Cancellation);
        var statistics = rig.Get<DailyStatistics>();
        Assert.All(await statistics.ReadAsync("a", null, DateOnly.MinValue, DateOnly.MaxValue, Cancellation), day => Assert.Equal("a", day.TeamId));
        Assert.NotEmpty(await statistics.ReadAsync(null, "a", DateOnly.MinValue, DateOnly.MaxValue, Cancellation));
        Assert.Empty(await statistics.ReadAsync("a", "b", DateOnly.MinValue, DateOnly.MaxValue, Cancellation));
        Assert.Empty(await statistics.ReadAsync(null, "' OR '1'='1\0", DateOnly.MinValue, DateOnly.MaxValue, Cancellation));
    }

    private static ConnectionLogEntry Make(StoreRig rig, Random random) => LogEntries.Of("token", rig.Time.GetUtcNow()) with
    {
        Id = Guid.CreateVersion7(),
        TeamId = Teams[random.Next(Teams.Length)],
        StartedAt = rig.Time.GetUtcNow().AddMinutes(-random.Next(Hours * 60)),
    };

    private static ConnectionLogEntry End(ConnectionLogEntry entry, Random random) => entry with
    {
        Status = (ConnectionStatus)random.Next(1, 5),
        BytesFromVisitor = random.Next(1000),
        BytesToVisitor = random.NextInt64(1L << 40),
        Duration = TimeSpan.FromMilliseconds(random.Next(100_000)),
    };

    private static async Task AssertSumsAsync(StoreRig rig, string when)
    {
        var last = DateOnly.FromDateTime(rig.Time.GetUtcNow().UtcDateTime);
        IReadOnlyList<TeamDay> read = await rig.Get<DailyStatistics>().ReadAsync(null, null, last.AddDays(-30), last, Cancellation);
        List<ConnectionLogRow> rows = await rig.QueryAsync(context => context.ConnectionLogs.AsNoTracking()
            .Where(row => row.Status != ConnectionStatus.Active).ToListAsync(Cancellation));
        TeamDay[] expected = [.. rows.GroupBy(row => (Day: DateOnly.FromDateTime(row.StartedAt.UtcDateTime), row.TeamId))
            .OrderByDescending(group => group.Key.Day).ThenBy(group => group.Key.TeamId, StringComparer.Ordinal)
            .Select(group => new TeamDay(
                group.Key.Day, group.Key.TeamId, group.Count(), Count(group, ConnectionStatus.Closed), Count(group, ConnectionStatus.Error),
                Count(group, ConnectionStatus.Timeout), Count(group, ConnectionStatus.Refused), group.Sum(row => row.BytesFromVisitor),
                group.Sum(row => row.BytesToVisitor), group.Sum(row => row.DurationMs)))];
        Assert.True(expected.SequenceEqual(read), $"{when}: {string.Join("; ", expected.Except(read))} was read as {string.Join("; ", read.Except(expected))}");
    }

    private static int Count(IEnumerable<ConnectionLogRow> rows, ConnectionStatus status) => rows.Count(row => row.Status == status);
}
