using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Rabbit.Persistence.Management;
using Rabbit.Tests.Support;
using Rabbit.Tunneling.State;
using Xunit;

namespace Rabbit.Tests.Persistence.Management;

public sealed class PortAllocatorTests
{
    private const int Start = 10000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory, OnBothDatabases]
    [Trait("Property", "P22")]
    public async Task Create_HundredRacersForHundredPorts_GetHundredDistinctPorts(TestDatabaseKind kind)
    {
        const int Racers = 100;
        await using StoreRig rig = await StoreRig.StartAsync(kind, options => options.PortRangeEnd = Start + Racers - 1);
        string team = await TeamAsync(rig);
        using var start = new Barrier(Racers);
        ManagementResult<CreatedToken>[] results = await Task.WhenAll(Enumerable.Range(0, Racers).Select(_ => Task.Factory.StartNew(
            () =>
            {
                start.SignalAndWait(Cancellation);
                return CreateAsync(rig, team);
            }, Cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap()));

        Assert.All(results, result => Assert.Equal("", result.Sentence));
        Assert.Equal(Enumerable.Range(Start, Racers), results.Select(result => result.Value!.Token.Port).Order());
        // What the callers were told is what is stored.
        IReadOnlyList<Token> stored = await rig.Tokens.ListAsync(team, Cancellation);
        Assert.Equal(
            results.Select(result => (result.Value!.Text.Id, result.Value.Token.Port)).Order(),
            stored.Select(token => (token.TokenId, token.Port)).Order());
    }

    [Theory, OnBothDatabases]
    [Trait("Property", "P22")]
    public async Task Create_TenRacersForOnePort_ExactlyOneGetsIt(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        string team = await TeamAsync(rig);
        ManagementResult<CreatedToken>[] results = await Task.WhenAll(
            Enumerable.Range(0, 10).Select(_ => CreateAsync(rig, team, port: 12345)));
        Assert.Single(results, result => result.Value?.Token.Port == 12345);
        Assert.Equal(9, results.Count(result => result.Error == ManagementError.Conflict));
        Assert.Single(await rig.Tokens.ListAsync(team, Cancellation));
    }

    [Theory, OnBothDatabases]
    [Trait("Property", "P22")]
    public async Task Create_RangeExhausted_SaysSoAndLeavesNoToken(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind, options => options.PortRangeEnd = Start + 1);
        string team = await TeamAsync(rig);
        await CreateAsync(rig, team);
        await CreateAsync(rig, team);
        ManagementResult<CreatedToken> third = await CreateAsync(rig, team);

        Assert.Equal(ManagementError.PortsExhausted, third.Error);
        Assert.Contains("10000-10001", third.Sentence, StringComparison.Ordinal);
        Assert.Equal(2, (await rig.Tokens.ListAsync(team, Cancellation)).Count);
    }

    [Theory, OnBothDatabases]
    [Trait("Property", "P22")]
    public async Task Create_PortOutsideTheRange_IsRefused(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        string team = await TeamAsync(rig);
        foreach (int port in new[] { -1, 0, 9999, 20001, 70000 })
            Assert.Equal(ManagementError.Invalid, (await CreateAsync(rig, team, port)).Error);
        Assert.Equal(20000, (await CreateAsync(rig, team, 20000)).Value?.Token.Port);
    }

    [Theory, OnBothDatabases]
    [Trait("Property", "P22")]
    public async Task Create_RangeChangedWhileRunning_IsRespectedAtOnce(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        string team = await TeamAsync(rig);
        await SetAsync(rig, ServerSettings.PortRangeStart, "30000");
        await SetAsync(rig, ServerSettings.PortRangeEnd, "30000");
        Assert.Equal(30000, (await CreateAsync(rig, team)).Value?.Token.Port);
        Assert.Equal(ManagementError.PortsExhausted, (await CreateAsync(rig, team)).Error);
    }

    [Theory, OnBothDatabases]
    public async Task Create_RangeIsNoRange_IsASentence(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        string team = await TeamAsync(rig);
        foreach (string end in new[] { "many", "", "9999", "65536" })
        {
            await SetAsync(rig, ServerSettings.PortRangeEnd, end);
            ManagementResult<CreatedToken> result = await CreateAsync(rig, team);
            Assert.Equal(ManagementError.Invalid, result.Error);
            Assert.Contains("port_range_end", result.Sentence, StringComparison.Ordinal);
        }
    }

    [Theory, OnBothDatabases]
    [Trait("Property", "P21")]
    [Trait("Property", "P50")]
    public async Task Create_PortOfADeletedToken_RestsADay(TestDatabaseKind kind)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind, options => options.PortRangeEnd = Start);
        CreatedToken first = await rig.CreateTokenAsync();
        await rig.Tokens.DeleteAsync(first.Token.TeamId, first.Text.Id, Cancellation);

        rig.Time.Advance(TimeSpan.FromHours(24) - TimeSpan.FromSeconds(1));
        Assert.Equal(ManagementError.PortsExhausted, (await CreateAsync(rig, first.Token.TeamId)).Error);
        ManagementResult<CreatedToken> asked = await CreateAsync(rig, first.Token.TeamId, Start);
        Assert.Equal(ManagementError.Conflict, asked.Error);
        Assert.Contains("rests", asked.Sentence, StringComparison.Ordinal);

        rig.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(Start, (await CreateAsync(rig, first.Token.TeamId)).Value?.Token.Port);
    }

    private static async Task<string> TeamAsync(StoreRig rig) => (await rig.Teams.CreateAsync("team", "", Cancellation)).Value!.TeamId;

    private static Task<ManagementResult<CreatedToken>> CreateAsync(StoreRig rig, string team, int? port = null) =>
        rig.Tokens.CreateAsync(team, "token " + port?.ToString(CultureInfo.InvariantCulture), "", null, port, ServiceKind.Unknown, Cancellation);

    private static Task<int> SetAsync(StoreRig rig, string key, string value) => rig.QueryAsync(context => context.ServerSettings
        .Where(row => row.Key == key).ExecuteUpdateAsync(set => set.SetProperty(row => row.Value, value), Cancellation));
}
