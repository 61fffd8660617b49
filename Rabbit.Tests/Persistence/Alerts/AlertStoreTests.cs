using Rabbit.Persistence.Alerts;
using Rabbit.Persistence.Management;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Persistence.Alerts;

public sealed class AlertStoreTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory, OnBothDatabases]
    public async Task Problem_ToldAndOver_IsListedBetween(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        AlertStore store = rig.Get<AlertStore>();
        var problem = new AlertProblem((await rig.CreateTokenAsync()).Token.TokenId, "token.expiring", "7", rig.Time.GetUtcNow());
        Assert.True(await store.SaveAsync(problem, isOver: false, [], Cancellation));
        Assert.Equal([problem], await store.ListProblemsAsync(Cancellation));
        Assert.True(await store.SaveAsync(problem with { Mark = "1" }, isOver: false, [], Cancellation));
        Assert.Equal("1", Assert.Single(await store.ListProblemsAsync(Cancellation)).Mark);
        Assert.True(await store.SaveAsync(problem, isOver: true, [], Cancellation));
        Assert.Empty(await store.ListProblemsAsync(Cancellation));
    }

    [Theory, OnBothDatabases]
    public async Task Problem_OfATokenThatIsGone_IsNone(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        AlertStore store = rig.Get<AlertStore>();
        Token revoked = (await rig.CreateTokenAsync()).Token, deleted = (await rig.CreateTokenAsync()).Token;
        foreach (Token token in new[] { revoked, deleted })
            await store.SaveAsync(new AlertProblem(token.TokenId, "tunnel.offline", "", rig.Time.GetUtcNow()), isOver: false, [], Cancellation);
        await rig.Tokens.RevokeAsync(null, revoked.TokenId, Actor.Server, Cancellation);
        await rig.Tokens.DeleteAsync(null, null, deleted.TokenId, Actor.Server, Cancellation);
        Assert.Empty(await store.ListProblemsAsync(Cancellation));
        var late = new AlertProblem(deleted.TokenId, "tunnel.offline", "", rig.Time.GetUtcNow());
        Assert.True(await store.SaveAsync(late, isOver: false, [Delivery(rig, 1)], Cancellation));
        Assert.Empty(await store.ListDueAsync(rig.Time.GetUtcNow(), 10, Cancellation));
    }

    [Theory, OnBothDatabases]
    public async Task Delivery_ClaimedPostponedRemoved_IsDueWhenItShould(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        AlertStore store = rig.Get<AlertStore>();
        DateTimeOffset now = rig.Time.GetUtcNow();
        await SaveAsync(rig, store, Delivery(rig, 1), Delivery(rig, 2) with { Target = "other" });
        Assert.Equal((2, now), await store.ReadWaitingAsync(Cancellation));
        IReadOnlyList<AlertDelivery> due = await store.ListDueAsync(now, 10, Cancellation);
        Assert.Equal(["alert_1", "alert_2"], due.Select(delivery => delivery.AlertId));

        // One of two takes it.
        Assert.True(await store.ClaimAsync(due[0], now.AddSeconds(20), Cancellation));
        Assert.False(await store.ClaimAsync(due[0], now.AddSeconds(21), Cancellation));
        Assert.Equal("alert_2", Assert.Single(await store.ListDueAsync(now, 10, Cancellation)).AlertId);
        AlertDelivery again = (await store.ListDueAsync(now.AddSeconds(20), 10, Cancellation))[0];
        Assert.Equal(("alert_1", 1), (again.AlertId, again.Attempts));

        await store.PostponeAsync(again.Id, now.AddHours(1), Cancellation);
        Assert.Single(await store.ListDueAsync(now.AddMinutes(59), 10, Cancellation));
        Assert.Equal(1, await store.KeepOnlyAsync(["target"], Cancellation));
        await store.RemoveAsync(again.Id, Cancellation);
        Assert.Equal((0, null), await store.ReadWaitingAsync(Cancellation));
    }

    [Theory, OnBothDatabases]
    public async Task Delivery_MoreThanMayWait_IsLostAndTheProblemNoted(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        AlertStore store = rig.Get<AlertStore>();
        Assert.True(await SaveAsync(rig, store, [.. Enumerable.Range(0, AlertStore.MostWaiting).Select(number => Delivery(rig, number))]));
        Assert.False(await SaveAsync(rig, store, Delivery(rig, AlertStore.MostWaiting)));
        Assert.Equal(AlertStore.MostWaiting, (await store.ReadWaitingAsync(Cancellation)).Count);
        Assert.Equal(2, (await store.ListProblemsAsync(Cancellation)).Count);
    }

    [Theory, OnBothDatabases]
    public async Task Expiring_WithinTheTime_AreListedSoonestFirst(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        await rig.CreateTokenAsync();
        await rig.CreateTokenAsync(expiresInDays: 30);
        Token later = (await rig.CreateTokenAsync(expiresInDays: 6)).Token, sooner = (await rig.CreateTokenAsync(expiresInDays: 2)).Token;
        Token revoked = (await rig.CreateTokenAsync(expiresInDays: 3)).Token;
        await rig.Tokens.RevokeAsync(null, revoked.TokenId, Actor.Server, Cancellation);
        DateTimeOffset now = rig.Time.GetUtcNow();
        IReadOnlyList<ExpiringToken> found = await rig.Get<AlertStore>().ListExpiringAsync(now, now.AddDays(7), Cancellation);
        Assert.Equal([(sooner.TokenId, sooner.Port), (later.TokenId, later.Port)], found.Select(token => (token.TokenId, token.Port)));
        Assert.Equal(later.ExpiresAt, found[1].ExpiresAt);
    }

    private static async Task<bool> SaveAsync(StoreRig rig, AlertStore store, params AlertDelivery[] deliveries) => await store.SaveAsync(
        new AlertProblem((await rig.CreateTokenAsync()).Token.TokenId, "tunnel.offline", "", rig.Time.GetUtcNow()), isOver: false, deliveries, Cancellation);

    private static AlertDelivery Delivery(StoreRig rig, int number) => new(
        Guid.CreateVersion7(), $"alert_{number}", "target", "{}", MadeAt: rig.Time.GetUtcNow().AddMilliseconds(number), NextAt: rig.Time.GetUtcNow(), Attempts: 0);
}
