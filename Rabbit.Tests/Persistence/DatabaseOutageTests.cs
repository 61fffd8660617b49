using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Time.Testing;
using Npgsql;
using Rabbit.Persistence.Management;
using Rabbit.Tests.Support;
using Rabbit.Tunneling.State;
using Xunit;

namespace Rabbit.Tests.Persistence;

[Trait("Property", "P36")]
public sealed class DatabaseOutageTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Save_PostgresAway_WaitsAndIsDurableWhenItReturns()
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(TestDatabaseKind.Postgres);
        await using BreakableLine line = Line(database, out string connection);
        await using StoreRig rig = await StoreRig.StartOnAsync(database, connection);
        CreatedToken token = await rig.CreateTokenAsync();
        SessionRecord session = rig.Session(token.Token, 1);

        await line.BreakAsync();
        Task waits = rig.Log.NextAsync("Session changes wait for the database");
        Task opened = rig.Sessions.SaveAsync(new SessionChange.Opened(session));
        Task lost = rig.Sessions.SaveAsync(new SessionChange.Lost(session.SessionId, 1, rig.Time.GetUtcNow(), "reset"));
        ConnectionLogEntry entry = LogEntries.Of(token.Text.Id, rig.Time.GetUtcNow());
        rig.ConnectionLog.Record(entry with { Status = ConnectionStatus.Closed, BytesToVisitor = 42 });
        await waits.WaitAsync(Cancellation);
        Assert.False(opened.IsCompleted);

        // The outage is one of its own, never "no such token", and says where to look.
        var away = await Assert.ThrowsAsync<StoreUnavailableException>(() => rig.Tokens.FindTokenAsync(token.Text.Id, Cancellation));
        Assert.Contains($"127.0.0.1:{line.Port}", away.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => rig.Sessions.HeartbeatAsync([], TimeSpan.FromSeconds(1), Cancellation));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => rig.Sessions.EndStaleSessionsAsync(TimeSpan.Zero, Cancellation));
        Assert.False(lost.IsCompleted);

        line.Mend();
        await AdvanceUntilAsync(rig.Time, Task.WhenAll(opened, lost));
        Assert.Equal("reset", await rig.QueryAsync(context => context.Sessions.Select(row => row.EndReason).SingleAsync(Cancellation)));
        Task stopped = rig.StopAsync();
        await AdvanceUntilAsync(rig.Time, stopped);
        Assert.Equal(42, await rig.QueryAsync(context => context.ConnectionLogs.Select(row => row.BytesToVisitor).SingleAsync(Cancellation)));
    }

    [Fact]
    public async Task Save_SqliteLockedByAnother_WaitsAndIsDurableAfterwards()
    {
        await using StoreRig rig = await StoreRig.StartAsync(TestDatabaseKind.Sqlite);
        CreatedToken token = await rig.CreateTokenAsync();
        Task waits = rig.Log.NextAsync("Session changes wait for the database");
        Task opened;
        await using (var other = new SqliteConnection(new SqliteConnectionStringBuilder(rig.Database.Connection.ConnectionString) { Pooling = false }.ConnectionString))
        {
            await other.OpenAsync(Cancellation);
            await using System.Data.Common.DbTransaction held = await other.BeginTransactionAsync(Cancellation);
            opened = rig.Sessions.SaveAsync(new SessionChange.Opened(rig.Session(token.Token, 1)));
            await waits.WaitAsync(Cancellation);
            Assert.False(opened.IsCompleted);
            // Reading goes on meanwhile.
            Assert.NotNull(await rig.Tokens.FindTokenAsync(token.Text.Id, Cancellation));
        }
        await AdvanceUntilAsync(rig.Time, opened);
        Assert.Equal(1, await rig.QueryAsync(context => context.Sessions.CountAsync(Cancellation)));
    }

    [Fact]
    public async Task Stop_PostgresAway_EndsWithinTheBoundAndCancelsWhatWaits()
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(TestDatabaseKind.Postgres);
        await using BreakableLine line = Line(database, out string connection);
        await using StoreRig rig = await StoreRig.StartOnAsync(database, connection);
        CreatedToken token = await rig.CreateTokenAsync();
        await line.BreakAsync();
        Task opened = rig.Sessions.SaveAsync(new SessionChange.Opened(rig.Session(token.Token, 1)));
        rig.ConnectionLog.Record(LogEntries.Of(token.Text.Id, rig.Time.GetUtcNow().AddSeconds(-1)));

        DateTimeOffset before = rig.Time.GetUtcNow();
        await AdvanceUntilAsync(rig.Time, rig.StopAsync());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => opened);
        Assert.InRange(rig.Time.GetUtcNow() - before, TimeSpan.Zero, TimeSpan.FromSeconds(20));
        Assert.Contains(rig.Log.Lines, text => text.Contains("1 session changes are not stored", StringComparison.Ordinal));
        Assert.Contains(rig.Log.Lines, text => text.Contains("the next start writes them from the journal", StringComparison.Ordinal));

        // A straggler is not left waiting for ever.
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => rig.Sessions.SaveAsync(new SessionChange.Opened(rig.Session(token.Token, 2))).WaitAsync(TimeSpan.FromSeconds(10), Cancellation));
        await rig.VanishAsync();
        line.Mend();
        await using StoreRig next = await StoreRig.StartOnAsync(database);
        Assert.Equal("server stopped", await next.QueryAsync(context => context.ConnectionLogs.Select(row => row.Reason).SingleAsync(Cancellation)));
    }

    private static BreakableLine Line(TestDatabase database, out string connection)
    {
        var builder = new NpgsqlConnectionStringBuilder(database.ConnectionString);
        var line = new BreakableLine(builder.Host!, builder.Port);
        (builder.Host, builder.Port) = ("127.0.0.1", line.Port);
        connection = builder.ConnectionString;
        return line;
    }

    // Moves the clock past each pause as it is begun, until the task ends.
    private static async Task AdvanceUntilAsync(FakeTimeProvider time, Task task)
    {
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (!task.IsCompleted && await pace.WaitForNextTickAsync(Cancellation))
            time.Advance(TimeSpan.FromMilliseconds(50));
        await task;
    }
}
