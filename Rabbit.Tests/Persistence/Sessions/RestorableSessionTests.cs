using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Management;
using Rabbit.Persistence.Model;
using Rabbit.Tests.Support;
using Rabbit.Tunneling.State;
using Xunit;

namespace Rabbit.Tests.Persistence.Sessions;

public sealed class RestorableSessionTests
{
    private static readonly TimeSpan StaleAfter = TimeSpan.FromMinutes(5);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory, OnBothDatabases]
    [Trait("Property", "P24")]
    public async Task EndStale_IdleButAliveForAWeek_IsKept(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        SessionRecord alive = await OpenAsync(rig), gone = await OpenAsync(rig);
        for (int day = 0; day < 7; day++)
        {
            rig.Time.Advance(TimeSpan.FromDays(1));
            await rig.Sessions.HeartbeatAsync([alive.SessionId], TimeSpan.FromDays(1), Cancellation);
        }

        Assert.Equal([gone.SessionId], await rig.Sessions.EndStaleSessionsAsync(StaleAfter, Cancellation));
        Assert.Empty(await rig.Sessions.EndStaleSessionsAsync(StaleAfter, Cancellation));
        RestorableSession restored = Assert.Single(await rig.Sessions.TakeRestorableSessionsAsync(Cancellation));
        Assert.Equal(alive.SessionId, restored.Session.SessionId);
        SessionRow row = await rig.QueryAsync(context => context.Sessions.AsNoTracking().SingleAsync(r => r.Id == alive.SessionId, Cancellation));
        Assert.Equal(rig.Time.GetUtcNow(), row.LastSeenAt);
    }

    [Theory, OnBothDatabases]
    [Trait("Property", "P24")]
    public async Task EndStale_ServerWasDownForAMonth_CountsOnlyItsUptime(TestDatabaseKind kind)
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(kind);
        SessionRecord session;
        await using (StoreRig before = await StoreRig.StartOnAsync(database))
        {
            session = await OpenAsync(before);
            await before.Sessions.HeartbeatAsync([session.SessionId], TimeSpan.FromSeconds(15), Cancellation);
            await before.VanishAsync();
        }

        await using StoreRig after = await StoreRig.StartOnAsync(database);
        after.Time.Advance(TimeSpan.FromDays(30));
        Assert.Empty(await after.Sessions.EndStaleSessionsAsync(StaleAfter, Cancellation));
        Assert.Equal(session.SessionId, Assert.Single(await after.Sessions.TakeRestorableSessionsAsync(Cancellation)).Session.SessionId);

        // Exactly the limit is not more than the limit.
        await after.Sessions.HeartbeatAsync([], StaleAfter, Cancellation);
        Assert.Empty(await after.Sessions.EndStaleSessionsAsync(StaleAfter, Cancellation));
        await after.Sessions.HeartbeatAsync([], TimeSpan.FromSeconds(1), Cancellation);
        Assert.Equal([session.SessionId], await after.Sessions.EndStaleSessionsAsync(StaleAfter, Cancellation));
        Assert.Empty(await after.Sessions.TakeRestorableSessionsAsync(Cancellation));
    }

    [Theory, OnBothDatabases]
    [Trait("Property", "P24")]
    public async Task EndStale_ManyShortHeartbeats_LoseNoUptime(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        SessionRecord session = await OpenAsync(rig);
        for (int i = 0; i < 30; i++)
            await rig.Sessions.HeartbeatAsync([], TimeSpan.FromMilliseconds(100), Cancellation);
        Assert.Empty(await rig.Sessions.EndStaleSessionsAsync(TimeSpan.FromSeconds(3.05), Cancellation));
        Assert.Equal([session.SessionId], await rig.Sessions.EndStaleSessionsAsync(TimeSpan.FromSeconds(2.95), Cancellation));
    }

    [Theory, OnBothDatabases]
    public async Task Heartbeat_MoreSessionsThanParameters_IsOneBatch(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        SessionRecord session = await OpenAsync(rig);
        Guid[] live = [.. Enumerable.Range(0, 70_000).Select(_ => Guid.NewGuid()), session.SessionId];
        await rig.Sessions.HeartbeatAsync(live, TimeSpan.FromHours(1), Cancellation);
        Assert.Empty(await rig.Sessions.EndStaleSessionsAsync(StaleAfter, Cancellation));
    }

    [Theory, OnBothDatabases]
    [Trait("Property", "P09")]
    public async Task TakeRestorable_RevokedExpiredDeletedOrEnded_AreSkippedAndEnded(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        SessionRecord good = await OpenAsync(rig), revoked = await OpenAsync(rig), ended = await OpenAsync(rig);
        SessionRecord expired = await OpenAsync(rig, expiresInDays: 1);
        CreatedToken deleted = await rig.CreateTokenAsync();
        await rig.Sessions.SaveAsync(new SessionChange.Opened(rig.Session(deleted.Token, 1))).WaitAsync(Cancellation);

        DateTimeOffset now = rig.Time.GetUtcNow();
        await rig.QueryAsync(context => context.Tokens.Where(row => row.Id == revoked.TokenId)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.RevokedAt, now), Cancellation));
        await rig.Tokens.DeleteAsync(deleted.Token.TeamId, deleted.Text.Id, Cancellation);
        await rig.Sessions.SaveAsync(new SessionChange.Ended(ended.SessionId, 1, now, "closed")).WaitAsync(Cancellation);
        rig.Time.Advance(TimeSpan.FromDays(1));

        RestorableSession restored = Assert.Single(await rig.Sessions.TakeRestorableSessionsAsync(Cancellation));
        Assert.Equal(good, restored.Session);
        Assert.Equal((good.TokenId, good.Port, 1), (restored.Token.TokenId, restored.Token.Port, restored.Token.LastEpoch));
        Dictionary<Guid, SessionRow> rows = await rig.QueryAsync(
            context => context.Sessions.AsNoTracking().ToDictionaryAsync(row => row.Id, Cancellation));
        Assert.Equal(4, rows.Count);
        Assert.All(rows.Values, row => Assert.Equal(SessionStatus.Inactive, row.Status));
        Assert.All([revoked, expired, ended], session => Assert.NotNull(rows[session.SessionId].EndedAt));
        Assert.Null(rows[good.SessionId].EndedAt);
    }

    [Theory, OnBothDatabases]
    [Trait("Property", "P41")]
    public async Task TakeRestorable_PortWasBusy_TheSessionIsThereAtTheNextStart(TestDatabaseKind kind)
    {
        await using TestDatabase database = await TestDatabase.CreateAsync(kind);
        SessionRecord session;
        await using (StoreRig first = await StoreRig.StartOnAsync(database))
            session = await OpenAsync(first);
        for (int start = 0; start < 3; start++)
        {
            // Nobody binds the port or logs in: the row is left as it was taken.
            await using StoreRig rig = await StoreRig.StartOnAsync(database);
            Assert.Equal(session, Assert.Single(await rig.Sessions.TakeRestorableSessionsAsync(Cancellation)).Session);
            await rig.VanishAsync();
        }
    }

    private static async Task<SessionRecord> OpenAsync(StoreRig rig, int? expiresInDays = null)
    {
        CreatedToken token = await rig.CreateTokenAsync(expiresInDays);
        SessionRecord session = rig.Session(token.Token, epoch: 1);
        await rig.Sessions.SaveAsync(new SessionChange.Opened(session)).WaitAsync(Cancellation);
        return session;
    }
}
