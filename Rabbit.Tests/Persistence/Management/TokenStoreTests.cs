using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Management;
using Rabbit.Tests.Support;
using Rabbit.Tunneling.State;
using Xunit;

namespace Rabbit.Tests.Persistence.Management;

public sealed class TokenStoreTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory, OnBothDatabases]
    [Trait("Property", "P04")]
    public async Task Create_TokenAndKey_NoTableHoldsTheirSecrets(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        CreatedToken token = await rig.CreateTokenAsync();
        CreatedApiKey key = (await rig.Get<ApiKeyStore>().CreateAsync("ops", ApiKeyStore.AdminRole, null, Cancellation)).Value!;
        await rig.Sessions.SaveAsync(new SessionChange.Opened(rig.Session(token.Token, 1))).WaitAsync(Cancellation);
        rig.ConnectionLog.Record(LogEntries.Of(token.Text.Id, rig.Time.GetUtcNow()));
        await rig.StopAsync();

        string dump = await DatabaseDump.TakeAsync(rig);
        // The dump does see what is stored: names, ids and the hash.
        Assert.Contains(token.Text.Id, dump, StringComparison.Ordinal);
        Assert.Contains(key.Text.Id, dump, StringComparison.Ordinal);
        Assert.Contains(Convert.ToHexString(token.Text.HashSecret()), dump, StringComparison.Ordinal);
        Assert.DoesNotContain(token.Text.Secret, dump, StringComparison.Ordinal);
        Assert.DoesNotContain(key.Text.Secret, dump, StringComparison.Ordinal);
    }

    [Theory, OnBothDatabases]
    [Trait("Property", "P21")]
    public async Task Delete_Token_TakesItsSessionsAndLeavesItsLog(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        CreatedToken token = await rig.CreateTokenAsync();
        await rig.Sessions.SaveAsync(new SessionChange.Opened(rig.Session(token.Token, 1))).WaitAsync(Cancellation);
        rig.ConnectionLog.Record(LogEntries.Of(token.Text.Id, rig.Time.GetUtcNow()));

        Assert.True(await rig.Tokens.DeleteAsync(token.Token.TeamId, token.Text.Id, Cancellation));
        await rig.StopAsync();

        Assert.Null(await rig.Tokens.FindTokenAsync(token.Text.Id, Cancellation));
        Assert.Empty(await rig.Tokens.ListAsync(token.Token.TeamId, Cancellation));
        Assert.Equal(0, await rig.QueryAsync(context => context.Sessions.CountAsync(Cancellation)));
        Assert.Empty(await rig.Sessions.TakeRestorableSessionsAsync(Cancellation));
        Assert.Equal(1, await rig.QueryAsync(context => context.ConnectionLogs.CountAsync(Cancellation)));
    }

    [Theory, OnBothDatabases]
    [Trait("Property", "P21")]
    public async Task Delete_TenAtOnce_ExactlyOneFindsTheToken(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        CreatedToken token = await rig.CreateTokenAsync();
        bool[] existed = await Task.WhenAll(Enumerable.Range(0, 10).Select(
            _ => rig.Tokens.DeleteAsync(token.Token.TeamId, token.Text.Id, Cancellation)));
        Assert.Single(existed, true);
        Assert.False(await rig.Tokens.DeleteAsync(token.Token.TeamId, token.Text.Id, Cancellation));
    }

    [Theory, OnBothDatabases]
    public async Task Delete_TokenOfAnotherTeam_ChangesNothing(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        CreatedToken mine = await rig.CreateTokenAsync();
        CreatedToken other = await rig.CreateTokenAsync();
        Assert.False(await rig.Tokens.DeleteAsync(other.Token.TeamId, mine.Text.Id, Cancellation));
        Assert.Equal(mine.Token.Port, (await rig.Tokens.FindTokenAsync(mine.Text.Id, Cancellation))?.Port);
    }

    [Theory, OnBothDatabases]
    [Trait("Property", "P21")]
    public async Task CreateAndDelete_ManyTimes_LeaveNothingBehind(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind, options => options.PortRangeEnd = 10009);
        for (int round = 0; round < 30; round++)
        {
            for (int i = 0; i < 10; i++)
            {
                CreatedToken token = await rig.CreateTokenAsync();
                Assert.True(await rig.Tokens.DeleteAsync(token.Token.TeamId, token.Text.Id, Cancellation));
            }
            rig.Time.Advance(TimeSpan.FromHours(24));
        }
        CreatedToken last = await rig.CreateTokenAsync();
        Assert.True(await rig.Tokens.DeleteAsync(last.Token.TeamId, last.Text.Id, Cancellation));

        Assert.Equal(0, await rig.QueryAsync(context => context.Tokens.CountAsync(Cancellation)));
        Assert.Equal(1, await rig.QueryAsync(context => context.PortAssignments.CountAsync(Cancellation)));
    }

    /// <summary>RABBIT_TEST_TOKENS=10000 for the long form, which uses up the whole default range; the time is in the output.</summary>
    [Theory, OnBothDatabases]
    [Trait("Property", "P21")]
    public async Task CreateAndDelete_AsManyAsTheRangeHolds_LeaveNothingBehind(TestDatabaseKind kind)
    {
        int count = int.Parse(Environment.GetEnvironmentVariable("RABBIT_TEST_TOKENS") ?? "300", CultureInfo.InvariantCulture);
        await using StoreRig rig = await StoreRig.StartAsync(kind, options => options.PortRangeEnd = options.PortRangeStart + count - 1);
        string team = (await rig.Teams.CreateAsync("team", null, Cancellation)).Value!.TeamId;

        long started = TimeProvider.System.GetTimestamp();
        for (int i = 0; i < count; i++)
        {
            CreatedToken token = (await CreateAsync()).Value!;
            Assert.Equal(10000 + i, token.Token.Port);
            Assert.True(await rig.Tokens.DeleteAsync(team, token.Text.Id, Cancellation));
        }
        TimeSpan took = TimeProvider.System.GetElapsedTime(started);
        TestContext.Current.TestOutputHelper?.WriteLine($"{kind}: {count} tokens made and deleted in {took.TotalSeconds:0.0} s");
        Assert.Equal(ManagementError.PortsExhausted, (await CreateAsync()).Error);

        rig.Time.Advance(TimeSpan.FromHours(24));
        Assert.Equal(10000, (await CreateAsync()).Value!.Token.Port);
        Assert.Equal(1, await rig.QueryAsync(context => context.Tokens.CountAsync(Cancellation)));
        Assert.Equal(1, await rig.QueryAsync(context => context.PortAssignments.CountAsync(Cancellation)));

        Task<ManagementResult<CreatedToken>> CreateAsync() =>
            rig.Tokens.CreateAsync(team, "token", null, null, null, ServiceKind.Other, Cancellation);
    }

    [Theory, OnBothDatabases]
    public async Task Create_WithExpiryAndKind_FindsThemAgain(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        CreatedToken token = await rig.CreateTokenAsync(expiresInDays: 7);
        TokenRecord found = (await rig.Tokens.FindTokenAsync(token.Text.Id, Cancellation))!;

        Assert.Equal(ServiceKind.Postgres, found.Kind);
        Assert.Equal(rig.Time.GetUtcNow().AddDays(7), found.ExpiresAt);
        Assert.Equal(0, found.LastEpoch);
        rig.Time.Advance(TimeSpan.FromDays(7));
        Assert.True(found.IsExpired(rig.Time.GetUtcNow()));
    }

    [Theory, OnBothDatabases]
    public async Task Create_BadInput_IsOneSentence(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        string team = (await rig.Teams.CreateAsync("  spaced  ", null, Cancellation)).Value!.TeamId;
        Assert.Equal("spaced", (await rig.Teams.FindAsync(team, Cancellation))!.TeamName);

        Assert.Equal(ManagementError.Conflict, (await rig.Teams.CreateAsync("spaced", null, Cancellation)).Error);
        foreach (string? name in new[] { null, "", "   ", new string('x', 101), "a\nb", "half \ud83d" })
            await InvalidAsync(team, name, null, null, ManagementError.Invalid);
        await InvalidAsync(team, "name", "nul \0", null, ManagementError.Invalid);
        await InvalidAsync(team, "name", "half \ud83d", null, ManagementError.Invalid);
        await InvalidAsync(team, "name", null, -1, ManagementError.Invalid);
        await InvalidAsync(team, "name", null, int.MaxValue, ManagementError.Invalid);
        await InvalidAsync("nobody", "name", null, null, ManagementError.NotFound);
        await InvalidAsync(null, "name", null, null, ManagementError.NotFound);
        Assert.Equal(0, await rig.QueryAsync(context => context.Tokens.CountAsync(Cancellation)));

        async Task InvalidAsync(string? teamId, string? name, string? description, int? days, ManagementError expected)
        {
            ManagementResult<CreatedToken> result = await rig.Tokens.CreateAsync(
                teamId, name, description, days, null, ServiceKind.Other, Cancellation);
            Assert.Equal(expected, result.Error);
            Assert.EndsWith(".", result.Sentence, StringComparison.Ordinal);
        }
    }

    [Theory, OnBothDatabases]
    public async Task Create_HostileNames_ComeBackTheSame(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        string team = (await rig.Teams.CreateAsync("team", null, Cancellation)).Value!.TeamId;
        string[] names = ["'; DROP TABLE teams; --", "{0} {1}", "\"quoted\"", "ünïcödé 🐇", "%s$1@p0"];
        foreach (string name in names)
            Assert.Equal("", (await rig.Tokens.CreateAsync(team, name, name, null, null, ServiceKind.Other, Cancellation)).Sentence);
        IReadOnlyList<Token> stored = await rig.Tokens.ListAsync(team, Cancellation);
        Assert.Equal(names.Order(StringComparer.Ordinal), stored.Select(token => token.Name).Order(StringComparer.Ordinal));
        Assert.All(stored, token => Assert.Equal(token.Name, token.Description));
    }
}
