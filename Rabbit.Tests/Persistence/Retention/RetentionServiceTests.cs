using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Rabbit.Persistence.Management;
using Rabbit.Persistence.Model;
using Rabbit.Persistence.Retention;
using Rabbit.Tests.Support;
using Rabbit.Tunneling.State;
using Xunit;

namespace Rabbit.Tests.Persistence.Retention;

public sealed class RetentionServiceTests
{
    private static readonly int[] Ages = [31, 29, 5, 0];
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory, OnBothDatabases]
    public async Task Run_ConnectionsAroundTheLimit_RemovesThoseOverForLongerOnly(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        DateTimeOffset limit = rig.Time.GetUtcNow().AddDays(-90);
        ConnectionLogRow open = StoredConnections.Of(limit.AddDays(-10));
        open.Status = ConnectionStatus.Active;
        DateTimeOffset[] kept = [open.StartedAt, limit, limit + Tick, rig.Time.GetUtcNow()];
        await StoredConnections.AddAsync(
            rig, [open, .. kept[1..].Select(StoredConnections.Of), StoredConnections.Of(limit - Tick), StoredConnections.Of(limit.AddYears(-3))]);

        await Retention(rig).RunAsync(Cancellation);
        Assert.Equal(kept, await StoredConnections.TimesAsync(rig));

        // A day later the one that was at the limit goes, and the open one, which has ended.
        await rig.QueryAsync(context => context.ConnectionLogs.Where(row => row.Id == open.Id)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.Status, ConnectionStatus.Closed), Cancellation));
        rig.Time.SetUtcNow(rig.Time.GetUtcNow() + Tick);
        await Retention(rig).RunAsync(Cancellation);
        Assert.Equal(kept[2..], await StoredConnections.TimesAsync(rig));
    }

    [Theory, OnBothDatabases]
    public async Task Run_ManyOldConnectionsSomeOfOneMoment_RemovesAll(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        DateTimeOffset old = rig.Time.GetUtcNow().AddDays(-100);
        ConnectionLogRow[] rows = [.. Enumerable.Range(0, 2 * RetentionService.BatchSize + 10)
            .Select(i => StoredConnections.Of(old.AddMilliseconds(Math.Max(0, i - RetentionService.BatchSize - 5))))];
        await StoredConnections.AddAsync(rig, [.. rows, StoredConnections.Of(rig.Time.GetUtcNow())]);
        await Retention(rig).RunAsync(Cancellation);
        Assert.Single(await StoredConnections.TimesAsync(rig));
        Assert.Contains(rig.Log.Lines, line => line.Contains($"Removed {rows.Length} connections", StringComparison.Ordinal));
    }

    [Theory, OnBothDatabases]
    public async Task Run_Sessions_RemovesThoseThatEndedLongAgoOnly(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        DateTimeOffset now = rig.Time.GetUtcNow();
        Guid active = await OpenAsync(), inactive = await OpenAsync(), atTheLimit = await OpenAsync(), old = await OpenAsync();
        await rig.Database.WriteAsync(async context =>
        {
            await Change(context, inactive).ExecuteUpdateAsync(set => set.SetProperty(row => row.Status, SessionStatus.Inactive)
                .SetProperty(row => row.LastSeenAt, now.AddDays(-200)), Cancellation);
            await Change(context, atTheLimit).ExecuteUpdateAsync(set => set.SetProperty(row => row.EndedAt, now.AddDays(-90)), Cancellation);
            await Change(context, old).ExecuteUpdateAsync(set => set.SetProperty(row => row.EndedAt, now.AddDays(-90) - Tick), Cancellation);
        }, Cancellation);
        int audited = await rig.QueryAsync(context => context.AuditLog.CountAsync(Cancellation));
        Assert.NotEqual(0, audited);
        await rig.QueryAsync(context => context.AuditLog.ExecuteUpdateAsync(set => set.SetProperty(row => row.At, now.AddYears(-5)), Cancellation));

        await Retention(rig).RunAsync(Cancellation);
        List<Guid> left = await rig.QueryAsync(context => context.Sessions.Select(row => row.Id).ToListAsync(Cancellation));
        Assert.Equal([.. new[] { active, inactive, atTheLimit }.Order()], left.Order());
        Assert.Equal(audited, await rig.QueryAsync(context => context.AuditLog.CountAsync(Cancellation)));

        static IQueryable<SessionRow> Change(RabbitDbContext context, Guid id) => context.Sessions.Where(row => row.Id == id);
        async Task<Guid> OpenAsync()
        {
            SessionRecord session = rig.Session((await rig.CreateTokenAsync()).Token, 1);
            await rig.Sessions.SaveAsync(new SessionChange.Opened(session)).WaitAsync(Cancellation);
            return session.SessionId;
        }
    }

    [Theory, OnBothDatabases]
    public async Task Settings_ChangedAtRunTime_HoldFromTheNextHour(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind, options => options.RetentionDays = 30);
        DateTimeOffset now = rig.Time.GetUtcNow();
        await StoredConnections.AddAsync(rig, Ages.Select(days => StoredConnections.Of(now.AddDays(-days))));
        await AwaitAsync("Removed 1 connections");
        Assert.Equal(3, (await StoredConnections.TimesAsync(rig)).Count);

        await SetAsync("nonsense");
        await AwaitAsync("Nothing is removed by connection_log_days");
        await SetAsync("-1");
        await AwaitAsync("Nothing is removed by connection_log_days");
        await SetAsync("0");
        await Retention(rig).RunAsync(Cancellation);
        Assert.Equal(3, (await StoredConnections.TimesAsync(rig)).Count);
        await SetAsync("10");
        await AwaitAsync("Removed 1 connections");
        await SetAsync("1");
        await AwaitAsync("Removed 1 connections");
        Assert.Equal([now], await StoredConnections.TimesAsync(rig));

        Task SetAsync(string days) => rig.Database.WriteAsync(
            context => ServerSettings.SetAsync(context, ServerSettings.ConnectionLogDays, days, Cancellation), Cancellation);
        Task AwaitAsync(string line) => AdvanceUntilAsync(rig, rig.Log.NextAsync(line));
    }

    [Fact]
    public async Task Run_PostgresAway_WarnsOnceAndGoesOnWhenItReturns()
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(TestDatabaseKind.Postgres);
        var address = new NpgsqlConnectionStringBuilder(database.ConnectionString);
        await using var line = new BreakableLine(address.Host!, address.Port);
        (address.Host, address.Port) = ("127.0.0.1", line.Port);
        await using StoreRig rig = await StoreRig.StartOnAsync(database, address.ConnectionString);
        await StoredConnections.AddAsync(rig, StoredConnections.Of(rig.Time.GetUtcNow().AddDays(-100)));

        await line.BreakAsync();
        await AdvanceUntilAsync(rig, rig.Log.NextAsync("sessions waits for the database"));
        using (var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(20)))
        {
            for (int minute = 0; minute < 20 && await pace.WaitForNextTickAsync(Cancellation); minute++)
                rig.Time.Advance(TimeSpan.FromMinutes(1));
        }
        line.Mend();
        await AdvanceUntilAsync(rig, rig.Log.NextAsync("Removed 1 connections"));
        Assert.Single(rig.Log.Lines, text => text.Contains("Removing old connections and sessions waits", StringComparison.Ordinal));
    }

    private static RetentionService Retention(StoreRig rig) => rig.Get<IEnumerable<IHostedService>>().OfType<RetentionService>().Single();

    // In small steps, so that the clock does not run far past the moment at which the service begins.
    private static async Task AdvanceUntilAsync(StoreRig rig, Task signal)
    {
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        for (int minute = 0; minute < 1000 && !signal.IsCompleted && await pace.WaitForNextTickAsync(Cancellation); minute++)
            rig.Time.Advance(TimeSpan.FromMinutes(1));
        await signal.WaitAsync(TimeSpan.FromSeconds(10), Cancellation);
    }
}
