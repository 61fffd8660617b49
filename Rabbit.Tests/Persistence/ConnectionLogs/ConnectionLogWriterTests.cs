using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.ConnectionLogs;
using Rabbit.Persistence.ConnectionLogs.Journal;
using Rabbit.Persistence.Model;
using Rabbit.Tests.Support;
using Rabbit.Tests.Telemetry;
using Rabbit.Tunneling.State;
using Xunit;

namespace Rabbit.Tests.Persistence.ConnectionLogs;

public sealed class ConnectionLogWriterTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory, OnBothDatabases]
    [Trait("Property", "P33")]
    public async Task Record_EveryKindOfEnding_IsOneExactRowEach(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        var ended = new List<ConnectionLogEntry>();
        foreach (ConnectionStatus status in Enum.GetValues<ConnectionStatus>())
        {
            ConnectionLogEntry entry = LogEntries.Of("token", rig.Time.GetUtcNow()) with { SessionId = Guid.NewGuid(), VisitorPort = 51000 + (int)status };
            rig.ConnectionLog.Record(entry);
            ended.Add(entry with
            {
                Status = status,
                Duration = TimeSpan.FromMilliseconds(1234),
                BytesFromVisitor = (1L << 40) + (int)status,
                BytesToVisitor = long.MaxValue - (int)status,
                Reason = "because " + status,
            });
            rig.ConnectionLog.Record(ended[^1]);
        }
        await rig.StopAsync();

        List<ConnectionLogRow> rows = await RowsAsync(rig);
        Assert.Equal(
            ended.OrderBy(entry => entry.VisitorPort),
            rows.OrderBy(row => row.VisitorPort).Select(row => new ConnectionLogEntry(
                row.Id, row.TeamId, row.TokenId, row.SessionId, row.Port, row.VisitorAddress, row.VisitorPort, row.StartedAt,
                TimeSpan.FromMilliseconds(row.DurationMs), row.BytesFromVisitor, row.BytesToVisitor, row.Status, row.Reason)));
    }

    [Theory, OnBothDatabases]
    [Trait("Property", "P33")]
    public async Task Record_UpdatesOverSeveralRuns_ReplaceTheRow(TestDatabaseKind kind)
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(kind);
        ConnectionLogEntry entry;
        await using (StoreRig first = await StoreRig.StartOnAsync(database))
        {
            entry = LogEntries.Of("token", first.Time.GetUtcNow());
            first.ConnectionLog.Record(entry with { BytesToVisitor = 1 });
            await first.StopAsync();
            // Visible while the connection lives.
            ConnectionLogRow open = Assert.Single(await RowsAsync(first));
            Assert.Equal((ConnectionStatus.Active, 1), (open.Status, open.BytesToVisitor));
        }

        await using StoreRig second = await StoreRig.StartOnAsync(database);
        second.ConnectionLog.Record(entry with { BytesToVisitor = 2, Status = ConnectionStatus.Closed });
        await second.StopAsync();
        ConnectionLogRow row = Assert.Single(await RowsAsync(second));
        Assert.Equal((ConnectionStatus.Closed, 2), (row.Status, row.BytesToVisitor));
    }

    [Theory, OnBothDatabases]
    [Trait("Property", "P33")]
    public async Task Start_AfterACrash_ClosesTheRowsLeftOpen(TestDatabaseKind kind)
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(kind);
        await using (StoreRig first = await StoreRig.StartOnAsync(database))
        {
            first.ConnectionLog.Record(LogEntries.Of("token", first.Time.GetUtcNow().AddSeconds(-1)) with { BytesFromVisitor = 77 });
            first.ConnectionLog.Record(LogEntries.Of("token", first.Time.GetUtcNow()) with { Status = ConnectionStatus.Refused, Reason = "offline" });
            await first.StopAsync();
        }

        await using StoreRig second = await StoreRig.StartOnAsync(database);
        List<ConnectionLogRow> rows = await RowsAsync(second);
        ConnectionLogRow left = Assert.Single(rows, row => row.Status == ConnectionStatus.Error);
        Assert.Equal(("server stopped", 77), (left.Reason, left.BytesFromVisitor));
        Assert.Equal("offline", Assert.Single(rows, row => row.Status == ConnectionStatus.Refused).Reason);
    }

    [Theory, OnBothDatabases]
    [Trait("Property", "P33")]
    public async Task Record_MoreThanABatch_AllRowsAreWritten(TestDatabaseKind kind)
    {
        const int Connections = 5_000;
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        for (int i = 1; i <= Connections; i++)
        {
            ConnectionLogEntry entry = LogEntries.Of("token", rig.Time.GetUtcNow());
            rig.ConnectionLog.Record(entry);
            rig.ConnectionLog.Record(entry with { Status = ConnectionStatus.Closed, BytesFromVisitor = i });
        }
        await rig.StopAsync();
        Assert.Equal(Connections, await rig.QueryAsync(
            context => context.ConnectionLogs.CountAsync(row => row.Status == ConnectionStatus.Closed, Cancellation)));
        Assert.Equal((long)Connections * (Connections + 1) / 2, await rig.QueryAsync(
            context => context.ConnectionLogs.SumAsync(row => row.BytesFromVisitor, Cancellation)));
    }

    [Fact]
    public async Task Record_RowThatPostgresRefuses_CostsNoOtherRow()
    {
        await using StoreRig rig = await StoreRig.StartAsync(TestDatabaseKind.Postgres);
        Task refused = rig.Log.NextAsync("refuses the connection log row");
        rig.ConnectionLog.Record(LogEntries.Of("before", rig.Time.GetUtcNow()));
        rig.ConnectionLog.Record(LogEntries.Of("poison\0", rig.Time.GetUtcNow()));
        rig.ConnectionLog.Record(LogEntries.Of("after", rig.Time.GetUtcNow()));
        await rig.StopAsync();
        await refused.WaitAsync(Cancellation);
        Assert.Equal(["after", "before"], (await RowsAsync(rig)).Select(row => row.TokenId).Order());
    }

    [Fact]
    [Trait("Property", "P36")]
    public async Task Record_QueueFull_DropsAndSaysHowMany()
    {
        using var directory = new TempDirectory();
        using var journal = new ConnectionJournal(directory.Path, long.MaxValue);
        journal.Open();
        var log = new LogLines();
        using var factory = new Microsoft.Extensions.Logging.LoggerFactory([log]);
        // Not started: as while the disk does not take the journal, nothing leaves the queue.
        using var queue = new ConnectionLogQueue(journal, UnheardMetrics.OfPersistence(), TimeProvider.System, new Microsoft.Extensions.Logging.Logger<ConnectionLogQueue>(factory));
        ConnectionLogEntry entry = LogEntries.Of("token", DateTimeOffset.UnixEpoch);
        for (int i = 0; i < 100_010; i++)
            queue.Record(entry with { BytesFromVisitor = i });

        Task reported = log.NextAsync("10 connection log entries were dropped");
        await queue.StartAsync(Cancellation);
        await queue.StopAsync(Cancellation);
        await reported.WaitAsync(Cancellation);
        JournalBatch batch = await journal.ReadAsync(journal.Start, Cancellation);
        Assert.Equal(99_999, batch.Entries[^1].BytesFromVisitor);
    }

    [Theory, OnBothDatabases]
    [Trait("Property", "P33")]
    public async Task Replay_OfAnyPartOfTheJournal_ChangesNothing(TestDatabaseKind kind)
    {
        int seed = Seed.Choose();
        var random = new Random(seed);
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        using var directory = new TempDirectory();
        using var snapshot = new TempDirectory();
        var rows = new Dictionary<Guid, ConnectionLogEntry>();
        for (int run = 0; run < 6; run++)
        {
            rig.Time.Advance(TimeSpan.FromSeconds(1));
            using var journal = new ConnectionJournal(directory.Path, long.MaxValue);
            using ConnectionLogWriter writer = rig.NewWriter(journal);
            await writer.StartAsync(Cancellation);
            // What the last run left open was closed, as a crash leaves it.
            foreach (ConnectionLogEntry left in rows.Values.Where(row => row.Status == ConnectionStatus.Active).ToList())
                rows[left.Id] = left with { Status = ConnectionStatus.Error, Reason = "server stopped" };

            for (int batch = 0; batch < 20; batch++)
            {
                var entries = new List<ConnectionLogEntry>();
                for (int i = random.Next(1, 60); i > 0; i--)
                    entries.Add(Next(random, rows, rig.Time.GetUtcNow()));
                Assert.True(await journal.TryAppendAsync(entries));
            }
            // The files as a process that was killed at this moment leaves them, however far the database had got.
            Copy(directory.Path, snapshot.Path);
            journal.Complete();
            await writer.StopAsync(Cancellation);
            Assert.Equal(0, Directory.EnumerateFiles(directory.Path).Sum(file => new FileInfo(file).Length));
            Copy(snapshot.Path, directory.Path);
        }

        var expected = rows.Values.Select(row => (row.Id, row.Status, row.Reason, row.BytesToVisitor)).Order();
        var actual = (await RowsAsync(rig)).Select(row => (row.Id, row.Status, row.Reason, row.BytesToVisitor)).Order();
        Assert.True(expected.SequenceEqual(actual), $"Seed {seed}: {string.Join("; ", expected.Except(actual).Zip(actual.Except(expected)).Take(3))}");
    }

    // A new connection, or news of one that is open.
    private static ConnectionLogEntry Next(Random random, Dictionary<Guid, ConnectionLogEntry> rows, DateTimeOffset now)
    {
        ConnectionLogEntry[] open = [.. rows.Values.Where(row => row.Status == ConnectionStatus.Active)];
        ConnectionLogEntry entry = open.Length == 0 || random.Next(3) == 0 ? LogEntries.Of("token", now) : open[random.Next(open.Length)];
        entry = entry with { BytesToVisitor = entry.BytesToVisitor + random.Next(1000) };
        if (random.Next(3) == 0)
            entry = entry with { Status = ConnectionStatus.Closed, Reason = $"reason {random.Next(10)}" };
        return rows[entry.Id] = entry;
    }

    private static void Copy(string from, string to)
    {
        foreach (string file in Directory.EnumerateFiles(to, "*.journal"))
            File.Delete(file);
        foreach (string file in Directory.EnumerateFiles(from, "*.journal").Order(StringComparer.Ordinal))
        {
            try
            {
                File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
            }
            catch (FileNotFoundException)
            {
                // All of it is in the database by now.
            }
        }
    }

    private static Task<List<ConnectionLogRow>> RowsAsync(StoreRig rig) =>
        rig.QueryAsync(context => context.ConnectionLogs.AsNoTracking().ToListAsync(Cancellation));
}
