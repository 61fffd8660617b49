using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Management;
using Rabbit.Persistence.Model;
using Rabbit.Tests.Support;
using Rabbit.Tunneling.State;
using Xunit;

namespace Rabbit.Tests.Persistence.Sessions;

public sealed class SessionChangeTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory, OnBothDatabases]
    [Trait("Property", "P25")]
    public async Task Opened_SameSessionReconnects_OneRowWithTheNewEpochAndAddress(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        CreatedToken token = await rig.CreateTokenAsync();
        SessionRecord first = rig.Session(token.Token, epoch: 1);
        await SaveAsync(rig, new SessionChange.Opened(first));
        await SaveAsync(rig, new SessionChange.Lost(first.SessionId, 1, rig.Time.GetUtcNow(), "reset"));
        SessionRow lost = await RowAsync(rig, first.SessionId);
        Assert.Equal((SessionStatus.Inactive, null, "reset"), (lost.Status, lost.EndedAt, lost.EndReason));

        rig.Time.Advance(TimeSpan.FromMinutes(1));
        SessionRecord second = first with
        {
            Epoch = 2,
            ClientAddress = "[2001:db8::1]:9",
            ClientName = "moved",
            Protocol = SessionProtocol.Legacy,
            ConnectedAt = rig.Time.GetUtcNow(),
        };
        await SaveAsync(rig, new SessionChange.Opened(second));

        SessionRow row = Assert.Single(await rig.QueryAsync(context => context.Sessions.AsNoTracking().ToListAsync(Cancellation)));
        Assert.Equal((SessionStatus.Active, 2, "[2001:db8::1]:9", "moved"), (row.Status, row.Epoch, row.ClientAddress, row.ClientName));
        Assert.Equal((SessionProtocol.Legacy, first.ConnectedAt, second.ConnectedAt), (row.Protocol, row.StartedAt, row.ConnectedAt));
        Assert.Equal("", row.EndReason);
        TokenRecord stored = (await rig.Tokens.FindTokenAsync(token.Text.Id, Cancellation))!;
        Assert.Equal(2, stored.LastEpoch);
        Assert.Equal(second.ConnectedAt, Assert.Single(await rig.Tokens.ListAsync(token.Token.TeamId, Cancellation)).LastUsedAt);
    }

    [Theory, OnBothDatabases]
    [Trait("Property", "P40")]
    public async Task Opened_OtherSessionOfTheToken_EndsTheOldOneAsSuperseded(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        CreatedToken token = await rig.CreateTokenAsync();
        CreatedToken bystander = await rig.CreateTokenAsync();
        SessionRecord old = rig.Session(token.Token, 1), newer = rig.Session(token.Token, 2), other = rig.Session(bystander.Token, 1);
        await Task.WhenAll(
            rig.Sessions.SaveAsync(new SessionChange.Opened(other)),
            rig.Sessions.SaveAsync(new SessionChange.Opened(old)),
            rig.Sessions.SaveAsync(new SessionChange.Opened(newer))).WaitAsync(Cancellation);

        SessionRow ended = await RowAsync(rig, old.SessionId);
        Assert.Equal((SessionStatus.Inactive, "superseded"), (ended.Status, ended.EndReason));
        Assert.NotNull(ended.EndedAt);
        Assert.Equal(SessionStatus.Active, (await RowAsync(rig, newer.SessionId)).Status);
        Assert.Equal(SessionStatus.Active, (await RowAsync(rig, other.SessionId)).Status);
    }

    [Theory, OnBothDatabases]
    [Trait("Property", "P40")]
    public async Task Opened_StoredAfterTheOneThatSupersededIt_IsOverAlready(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        CreatedToken token = await rig.CreateTokenAsync();
        SessionRecord late = rig.Session(token.Token, 1), winner = rig.Session(token.Token, 2);
        await SaveAsync(rig, new SessionChange.Opened(winner));
        await SaveAsync(rig, new SessionChange.Opened(late));

        Assert.Equal("superseded", (await RowAsync(rig, late.SessionId)).EndReason);
        Assert.Equal(SessionStatus.Active, (await RowAsync(rig, winner.SessionId)).Status);
        Assert.Equal(winner.SessionId, Assert.Single(await rig.Sessions.TakeRestorableSessionsAsync(Cancellation)).Session.SessionId);
        Assert.Equal(2, (await rig.Tokens.FindTokenAsync(token.Text.Id, Cancellation))!.LastEpoch);
    }

    [Theory, OnBothDatabases]
    public async Task AnyChange_OfALowerEpoch_HasNoEffect(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        CreatedToken token = await rig.CreateTokenAsync();
        SessionRecord session = rig.Session(token.Token, epoch: 7);
        await SaveAsync(rig, new SessionChange.Opened(session));
        SessionChange[] old =
        [
            new SessionChange.Opened(session with { Epoch = 6, ClientName = "ghost" }),
            new SessionChange.Lost(session.SessionId, 6, rig.Time.GetUtcNow(), "late"),
            new SessionChange.Ended(session.SessionId, 6, rig.Time.GetUtcNow(), "late"),
        ];
        foreach (SessionChange change in old)
        {
            await SaveAsync(rig, change);
            SessionRow row = await RowAsync(rig, session.SessionId);
            Assert.Equal((SessionStatus.Active, 7, "host", null, ""), (row.Status, row.Epoch, row.ClientName, row.EndedAt, row.EndReason));
        }

        await SaveAsync(rig, new SessionChange.Ended(session.SessionId, 7, rig.Time.GetUtcNow(), "closed"));
        await SaveAsync(rig, new SessionChange.Lost(session.SessionId, 7, rig.Time.GetUtcNow(), "too late"));
        SessionRow ended = await RowAsync(rig, session.SessionId);
        Assert.Equal((SessionStatus.Inactive, "closed"), (ended.Status, ended.EndReason));
        Assert.Empty(await rig.Sessions.TakeRestorableSessionsAsync(Cancellation));
    }

    [Theory, OnBothDatabases]
    public async Task Save_AThousandChangesAtOnce_AreStoredInTheirOrder(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        CreatedToken token = await rig.CreateTokenAsync();
        SessionRecord session = rig.Session(token.Token, epoch: 0);
        var saved = new List<Task>();
        for (int epoch = 1; epoch <= 500; epoch++)
        {
            saved.Add(rig.Sessions.SaveAsync(new SessionChange.Opened(session with { Epoch = epoch })));
            saved.Add(rig.Sessions.SaveAsync(new SessionChange.Lost(session.SessionId, epoch, rig.Time.GetUtcNow(), "lost " + epoch)));
        }
        await Task.WhenAll(saved).WaitAsync(Cancellation);
        SessionRow row = await RowAsync(rig, session.SessionId);
        Assert.Equal((SessionStatus.Inactive, 500, "lost 500"), (row.Status, row.Epoch, row.EndReason));
    }

    [Theory, OnBothDatabases]
    [Trait("Property", "P21")]
    public async Task Save_ChangeOfADeletedToken_IsDroppedAndDoesNotStopTheOthers(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        CreatedToken deleted = await rig.CreateTokenAsync();
        CreatedToken kept = await rig.CreateTokenAsync();
        await rig.Tokens.DeleteAsync(deleted.Token.TeamId, deleted.Text.Id, Cancellation);
        Task dropped = rig.Log.NextAsync("refuses a session change");
        SessionRecord before = rig.Session(kept.Token, 1);
        await Task.WhenAll(
            rig.Sessions.SaveAsync(new SessionChange.Opened(before)),
            rig.Sessions.SaveAsync(new SessionChange.Opened(rig.Session(deleted.Token, 1))),
            rig.Sessions.SaveAsync(new SessionChange.Lost(before.SessionId, 1, rig.Time.GetUtcNow(), "after"))).WaitAsync(Cancellation);

        await dropped.WaitAsync(Cancellation);
        SessionRow row = Assert.Single(await rig.QueryAsync(context => context.Sessions.AsNoTracking().ToListAsync(Cancellation)));
        Assert.Equal((before.SessionId, "after"), (row.Id, row.EndReason));
    }

    private static Task SaveAsync(StoreRig rig, SessionChange change) => rig.Sessions.SaveAsync(change).WaitAsync(Cancellation);

    private static Task<SessionRow> RowAsync(StoreRig rig, Guid id) =>
        rig.QueryAsync(context => context.Sessions.AsNoTracking().SingleAsync(row => row.Id == id, Cancellation));
}
