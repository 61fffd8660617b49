using System.Globalization;
using Rabbit.Persistence.Management;
using Rabbit.Tests.Support;
using Rabbit.Tunneling.State;
using Xunit;
using Xunit.Sdk;

namespace Rabbit.Tests.Persistence.Management;

/// <summary>
/// Random histories of ports, each act compared with <see cref="PortModel"/>. A failure names its seed; RABBIT_TEST_SEED runs
/// that one again.
/// </summary>
public sealed class PortAllocatorModelTests
{
    private const int Acts = 400;
    private const int Lowest = 10000;
    private const int Highest = 10011;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory, OnBothDatabases]
    [Trait("Property", "P21")]
    [Trait("Property", "P22")]
    [Trait("Property", "P50")]
    public async Task Allocate_AnyHistory_IsAsTheModelSays(TestDatabaseKind kind)
    {
        int seed = Environment.GetEnvironmentVariable("RABBIT_TEST_SEED") is { } given
            ? int.Parse(given, CultureInfo.InvariantCulture)
            : Random.Shared.Next();
        var history = new List<string>();
        try
        {
            await RunAsync(kind, new Random(seed), history);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new XunitException($"RABBIT_TEST_SEED={seed}, at act {history.Count}: {string.Join("; ", history.TakeLast(20))}\n{e.Message}", e);
        }
    }

    private static async Task RunAsync(TestDatabaseKind kind, Random random, List<string> history)
    {
        await using StoreRig rig = await StoreRig.StartAsync(kind);
        var settings = rig.Get<ServerSettings>();
        var model = new PortModel(rig.Time);
        string team = (await rig.Teams.CreateAsync("team", null, Cancellation)).Value!.TeamId;
        await ChangeRangeAsync(new PortRange(Lowest, Highest - 4));

        int made = 0;
        for (int act = 0; act < Acts; act++)
        {
            switch (random.Next(10))
            {
                case < 4:
                    await CreateAsync(null);
                    break;
                case < 6:
                    await CreateAsync(random.Next(Lowest - 1, Highest + 2));
                    break;
                case < 8 when model.Tokens.Count > 0:
                    await DeleteAsync(model.Tokens[random.Next(model.Tokens.Count)]);
                    break;
                case < 9:
                    TimeSpan time = TimeSpan.FromHours(random.Next(1, 25));
                    history.Add($"{time.TotalHours} h pass");
                    rig.Time.Advance(time);
                    break;
                default:
                    int first = random.Next(Lowest, Highest + 1);
                    await ChangeRangeAsync(new PortRange(first, random.Next(first, Highest + 1)));
                    break;
            }
            IReadOnlyList<Token> stored = await rig.Tokens.ListAsync(team, Cancellation);
            Assert.Equal(model.Tokens, stored.Select(token => (token.TokenId, token.Port)).OrderBy(token => token.Port));
        }
        Assert.InRange(made, Acts / 20, Acts);

        async Task CreateAsync(int? wanted)
        {
            history.Add($"create {wanted}");
            ManagementResult<CreatedToken> result = await rig.Tokens.CreateAsync(team, "token", null, null, wanted, ServiceKind.Other, Cancellation);
            int? expected = wanted is null ? model.LowestFree()
                : model.Range.Contains(wanted.Value) && model.IsFree(wanted.Value) ? wanted : null;
            Assert.Equal(expected, result.Value?.Token.Port);
            Assert.Equal(
                expected is not null ? ManagementError.None
                : wanted is null ? ManagementError.PortsExhausted
                : model.Range.Contains(wanted.Value) ? ManagementError.Conflict : ManagementError.Invalid,
                result.Error);
            if (result.Value is not { } token)
                return;
            model.Take(token.Token.Port, token.Text.Id);
            made++;
        }

        async Task DeleteAsync((string Token, int Port) token)
        {
            history.Add($"delete {token.Port}");
            Assert.True(await rig.Tokens.DeleteAsync(team, token.Token, Cancellation));
            model.Release(token.Port);
        }

        async Task ChangeRangeAsync(PortRange range)
        {
            history.Add($"range {range}");
            Assert.Equal("", (await settings.SetPortRangeAsync(range, Cancellation)).Sentence);
            model.Range = range;
        }
    }
}
