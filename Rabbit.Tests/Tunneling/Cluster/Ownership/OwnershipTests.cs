using System.Globalization;
using Xunit;

namespace Rabbit.Tests.Tunneling.Cluster.Ownership;

/// <summary>
/// Who owns a tunnel in a cluster (docs/clustering.md, "The model"): every state of small clusters, and random histories of a larger one. The
/// long form of those: RABBIT_TEST_OWNERSHIP_STEPS=100000000 ./test.sh -class "*OwnershipTests"
/// </summary>
public sealed class OwnershipTests
{
    private static readonly OwnershipRules Small = new() { RedisFails = true, NodesCrash = true };
    private static readonly OwnershipRules SmallWithoutDatabase = new() { DatabaseFails = true, NodesCrash = true };

    // One step in so many is a failure, where one is possible.
    private const int StepsPerFailure = 8;
    private const int LongestHistory = 1000;

    private static int RandomSteps { get; } = int.Parse(Environment.GetEnvironmentVariable("RABBIT_TEST_OWNERSHIP_STEPS") ?? "15000", CultureInfo.InvariantCulture);

    /// <summary>Clusters of which every state is visited.</summary>
    public static TheoryData<string> Clusters => [.. Whole.Keys];

    private static Dictionary<string, OwnershipRules> Whole { get; } = new()
    {
        ["two nodes, Redis fails"] = Small,
        ["two nodes, the database fails"] = SmallWithoutDatabase,
        ["two nodes, which are stopped, Redis fails"] = Small with { NodesCrash = false, NodesStop = true },
        ["two nodes, a longer lease, Redis fails"] = Small with { Lease = 3, NodesCrash = false },
        ["three nodes, the database fails"] = SmallWithoutDatabase with { Nodes = 3, NodesCrash = false },
        ["three nodes, Redis fails"] = Small with { Nodes = 3, NodesCrash = false },
        ["three nodes, nodes crash"] = Small with { Nodes = 3, RedisFails = false },
    };

    /// <summary>Rules that are broken, and the fewest steps in which that goes wrong.</summary>
    public static TheoryData<string, int> BrokenRules => new()
    {
        { "serves without a confirmation", 8 },
        { "confirmation measured from the answer", 11 },
        { "no compare in the renewal", 11 },
        { "no wait without Redis", 7 },
        { "wait counted from the raise", 11 },
        { "proof of any earlier epoch", 8 },
        { "a lease that has run out is proof", 6 },
        { "Redis alone decides", 8 },
        { "an overtaken claim is proof", 11 },
        { "clients answer for sessions they have left", 8 },
        { "a clock that stands still", 10 },
        { "an epoch given twice", 4 },
    };

    private static Dictionary<string, OwnershipRules> Broken { get; } = new()
    {
        ["serves without a confirmation"] = Small with { ServesConfirmedOnly = false },
        ["confirmation measured from the answer"] = Small with { CountsFromRequest = false },
        ["no compare in the renewal"] = SmallWithoutDatabase with { RenewalCompares = false },
        ["no wait without Redis"] = Small with { WaitsWithoutRedis = false },
        ["wait counted from the raise"] = SmallWithoutDatabase with { WaitsFromTakeOver = false },
        ["proof of any earlier epoch"] = Small with { ProofIsOfTheEpochBefore = false },
        ["a lease that has run out is proof"] = Small with { LeaseIsProof = true },
        ["Redis alone decides"] = Small with { RedisDecides = true },
        ["an overtaken claim is proof"] = Small with { Nodes = 3, OvertakenClaimsProveNothing = false },
        ["clients answer for sessions they have left"] = Small with { ClientsLeaveSessions = false },
        ["a clock that stands still"] = Small with { NodesStop = true, ClockGoesOnWhileStopped = false },
        ["an epoch given twice"] = Small with { RaiseIsAtomic = false },
    };

    [Theory]
    [MemberData(nameof(Clusters))]
    [Trait("Property", "P40")]
    public void EveryState_NoTwoServeAndSomebodyCanServeAgain(string cluster)
    {
        var search = new OwnershipSearch(Whole[cluster]);
        search.Run();
        Print($"{cluster}: {search.States:N0} states, {search.Steps:N0} steps");
        Assert.True(search.Violation is null, $"{search.Violation}\n{Show(search.Trace)}");
        IReadOnlyList<OwnershipStep>? stuck = search.FindStuck();
        Assert.True(stuck is null, $"Nobody can be served any more:\n{Show(stuck ?? [])}");
    }

    [Theory]
    [MemberData(nameof(BrokenRules))]
    public void BrokenRule_IsFoundByTheShortestTrace(string rule, int steps)
    {
        var search = new OwnershipSearch(Broken[rule]);
        search.Run();
        Print($"{rule}: {search.Violation}, after {search.States:N0} states\n{Show(search.Trace)}");
        Assert.NotNull(search.Violation);
        Assert.Equal(steps, search.Trace.Count);
    }

    [Fact]
    public void WaitThatOnlyTheEarlierOwnerEnds_IsFoundToBeForEver()
    {
        var search = new OwnershipSearch(Small with { WaitEnds = false });
        search.Run();
        Assert.Null(search.Violation);
        IReadOnlyList<OwnershipStep>? stuck = search.FindStuck();
        Assert.NotNull(stuck);
        Print(Show(stuck));
    }

    /// <summary>The limit that docs/clustering.md names: a node that reaches neither store serves on.</summary>
    [Fact]
    public void BothStoresAway_AnEarlierOwnerServesOn()
    {
        var search = new OwnershipSearch(Small with { DatabaseFails = true });
        search.Run();
        Assert.NotNull(search.Violation);
        Print(Show(search.Trace));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Property", "P40")]
    public void RandomHistories_OfALargerCluster_NoTwoServe(bool isRedisTheOneThatFails)
    {
        // The same walk each time, unless another is asked for.
        int seed = int.Parse(Environment.GetEnvironmentVariable("RABBIT_TEST_SEED") ?? "1", CultureInfo.InvariantCulture);
        var random = new Random(seed);
        var rules = new OwnershipRules
        {
            Nodes = 5,
            Clients = 3,
            Epochs = 10,
            Lease = 5,
            NodesCrash = true,
            NodesStop = true,
            RedisFails = isRedisTheOneThatFails,
            DatabaseFails = !isRedisTheOneThatFails,
        };
        var model = new OwnershipModel(rules);
        var steps = new OwnershipSteps(rules);
        byte[] state = new byte[OwnershipState.SizeOf(rules)];
        var history = new List<OwnershipStep>();
        int histories = 0, served = 0;
        for (int step = 0; step < RandomSteps; step++)
        {
            model.Next(state, steps);
            int[] failures = [.. Enumerable.Range(0, steps.Count).Where(i => steps[i].IsFailure)];
            int[] others = [.. Enumerable.Range(0, steps.Count).Where(i => !steps[i].IsFailure)];
            int[] kind = failures.Length > 0 && random.Next(StepsPerFailure) == 0 ? failures : others;
            int taken = kind[random.Next(kind.Length)];
            history.Add(steps[taken]);
            steps.StateAfter(taken).CopyTo(state);
            string? violation = model.Violation(state);
            Assert.True(violation is null, $"Seed {seed}: {violation}\n{Show(history)}");
            served += model.IsServed(state) ? 1 : 0;
            bool isOver = !model.HasLoginLeft(state) && model.IsServed(state);
            // Failures may last to the end of the walk: then it begins anew.
            if (!isOver && history.Count < LongestHistory)
                continue;
            histories += isOver ? 1 : 0;
            history.Clear();
            Array.Clear(state);
        }
        Print($"Seed {seed}: {RandomSteps:N0} steps, {histories:N0} histories of {rules.Epochs} logins; the newest owner served in {served:N0} states");
        Assert.True(histories > 0, "The newest owner never served after the last login: hardly anything happened.");
    }

    private static string Show(IReadOnlyList<OwnershipStep> trace) => string.Join('\n', trace.Select((step, number) => $"{number + 1,3}. {step}"));

    private static void Print(string text) => TestContext.Current.TestOutputHelper?.WriteLine(text);
}
