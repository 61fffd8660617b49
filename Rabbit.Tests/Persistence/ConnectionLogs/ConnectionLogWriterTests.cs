using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Rabbit.Persistence;
using Rabbit.Persistence.ConnectionLogs;
using Rabbit.Persistence.Model;
using Rabbit.Tests.Support;
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
            first.ConnectionLog.Record(LogEntries.Of("token", first.Time.GetUtcNow()) with { BytesFromVisitor = 77 });
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
        await using StoreRig rig = await StoreRig.StartAsync(TestDatabaseKind.Sqlite);
        var log = new LogLines();
        using var factory = new Microsoft.Extensions.Logging.LoggerFactory([log]);
        // Not started: as while the database is away, nothing leaves the queue.
        using var writer = new ConnectionLogWriter(
            rig.Database, Options.Create(new PersistenceOptions()), rig.Time,
            new Microsoft.Extensions.Logging.Logger<ConnectionLogWriter>(factory));
        ConnectionLogEntry entry = LogEntries.Of("token", rig.Time.GetUtcNow());
        for (int i = 0; i < 100_010; i++)
            writer.Record(entry with { BytesFromVisitor = i });

        Task reported = log.NextAsync("10 connection log entries were dropped");
        await writer.StartAsync(Cancellation);
        await writer.StopAsync(Cancellation);
        await reported.WaitAsync(Cancellation);
        Assert.Equal(99_999, Assert.Single(await RowsAsync(rig)).BytesFromVisitor);
    }

    private static Task<List<ConnectionLogRow>> RowsAsync(StoreRig rig) =>
        rig.QueryAsync(context => context.ConnectionLogs.AsNoTracking().ToListAsync(Cancellation));
}
