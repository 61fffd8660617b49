using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Management;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Persistence.Management;

public sealed class ApiKeyStoreTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory, OnBothDatabases]
    public async Task Verify_RightKey_IsFoundWithItsRole(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        ApiKeyStore keys = rig.Get<ApiKeyStore>();
        Assert.False(await keys.AnyAsync(Cancellation));
        string team = (await rig.Teams.CreateAsync("team", "", Cancellation)).Value!.TeamId;
        CreatedApiKey key = (await keys.CreateAsync(" ops ", ApiKeyStore.TeamRole, team, Cancellation)).Value!;

        Assert.True(await keys.AnyAsync(Cancellation));
        Assert.Equal(new ApiKey(key.Text.Id, "ops", "team", team), await keys.VerifyAsync(key.Text.Reveal(), Cancellation));
        Assert.Equal(rig.Time.GetUtcNow(), await rig.QueryAsync(context => context.ApiKeys.Select(row => row.LastUsedAt).SingleAsync(Cancellation)));
    }

    [Theory, OnBothDatabases]
    public async Task Verify_WrongOrRevokedKey_IsNull(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        ApiKeyStore keys = rig.Get<ApiKeyStore>();
        CreatedApiKey key = (await keys.CreateAsync("ops", ApiKeyStore.AdminRole, null, Cancellation)).Value!;
        string stranger = ApiKeyText.Create().Reveal();

        Assert.Null(await keys.VerifyAsync(stranger, Cancellation));
        Assert.Null(await keys.VerifyAsync("rbk_" + key.Text.Id + stranger[16..], Cancellation));
        Assert.Null(await keys.VerifyAsync("rbt" + key.Text.Reveal()[3..], Cancellation));
        Assert.Null(await keys.VerifyAsync("", Cancellation));
        Assert.NotNull(await keys.VerifyAsync(key.Text.Reveal(), Cancellation));

        DateTimeOffset now = rig.Time.GetUtcNow();
        await rig.QueryAsync(context => context.ApiKeys.ExecuteUpdateAsync(set => set.SetProperty(row => row.RevokedAt, now), Cancellation));
        Assert.Null(await keys.VerifyAsync(key.Text.Reveal(), Cancellation));
    }

    [Theory, OnBothDatabases]
    public async Task Create_BadRoleOrTeam_IsOneSentence(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        ApiKeyStore keys = rig.Get<ApiKeyStore>();
        Assert.Equal(ManagementError.Invalid, (await keys.CreateAsync("", ApiKeyStore.AdminRole, null, Cancellation)).Error);
        Assert.Equal(ManagementError.Invalid, (await keys.CreateAsync("ops", "root", null, Cancellation)).Error);
        Assert.Equal(ManagementError.Invalid, (await keys.CreateAsync("ops", ApiKeyStore.TeamRole, null, Cancellation)).Error);
        Assert.Equal(ManagementError.Invalid, (await keys.CreateAsync("ops", ApiKeyStore.AdminRole, "team", Cancellation)).Error);
        Assert.Equal(ManagementError.NotFound, (await keys.CreateAsync("ops", ApiKeyStore.TeamRole, "nobody", Cancellation)).Error);
        Assert.False(await keys.AnyAsync(Cancellation));
    }
}
