using Rabbit.Faults;
using Rabbit.Faults.History;
using Rabbit.Faults.Rows;
using Rabbit.Tests.Support;
using Xunit;
using Xunit.Sdk;

namespace Rabbit.Tests.Faults;

/// <summary>
/// Each row of the fault suite in a few rounds. The long form is faults/run.sh, and its figures are in docs/reliability.md; a failure is
/// repeated by RABBIT_TEST_SEED. Nothing else runs beside them: what they hold the programs to are seconds.
/// </summary>
[Collection(nameof(FaultRowTests))]
[CollectionDefinition(nameof(FaultRowTests), DisableParallelization = true)]
public sealed class FaultRowTests
{
    private const int LinesShown = 100;

    [Fact]
    [Trait("Property", "P23")]
    [Trait("Property", "P24")]
    [Trait("Property", "P25")]
    public Task ServerKilledAgainAndAgain_Row_Holds() => HoldsAsync(new ServerKilled());

    [Fact]
    [Trait("Property", "P27")]
    public Task ClientKilledAgainAndAgain_Row_Holds() => HoldsAsync(new ClientKilled());

    [Fact]
    [Trait("Property", "P40")]
    public Task ClientStoppedAndReplaced_Row_Holds() => HoldsAsync(new ClientStopped());

    [Fact]
    [Trait("Property", "P36")]
    public Task StoresKilledStoppedSlow_Row_Holds() => HoldsAsync(new StoresFail());

    [Fact]
    [Trait("Property", "P36")]
    public Task DiskFull_Row_Holds() => HoldsAsync(new DiskFull());

    [Fact]
    [Trait("Property", "P27")]
    [Trait("Property", "P43")]
    public Task Partition_Row_Holds() => HoldsAsync(new Partition());

    [Fact]
    [Trait("Property", "P30")]
    [Trait("Property", "P33")]
    public Task LossSlicesDelay_Row_Holds() => HoldsAsync(new BadNetwork());

    [Fact]
    [Trait("Property", "P27")]
    [Trait("Property", "P33")]
    public Task StallsAndResets_Row_Holds() => HoldsAsync(new UnsteadyNetwork());

    [Fact]
    [Trait("Property", "P09")]
    [Trait("Property", "P24")]
    public Task ClockShifted_Row_Holds() => HoldsAsync(new ClockShifted());

    [Fact]
    [Trait("Property", "P44")]
    public Task Upgrade_Row_Holds() => HoldsAsync(new Upgrade());

    [Fact]
    [Trait("Property", "P34")]
    public Task Terminated_Row_Holds() => HoldsAsync(new Terminated());

    [Fact]
    [Trait("Property", "P38")]
    public Task DescriptorsExhausted_Row_Holds() => HoldsAsync(new DescriptorsExhausted());

    private static async Task HoldsAsync(FaultRow row)
    {
        using var directory = new TempDirectory();
        string file = directory.File("history");
        int seed = Seed.Choose();
        RowRun run;
        using (var history = new RunHistory(file))
            run = await FaultsCommand.RunAsync(row, seed, isShort: true, history);
        if (run.Violations.Count > 0)
        {
            string tail = string.Join('\n', (await File.ReadAllLinesAsync(file, TestContext.Current.CancellationToken)).TakeLast(LinesShown));
            throw new XunitException($"{row.Name}, seed {seed}:\n{string.Join('\n', run.Violations)}\n--- the end of its history:\n{tail}");
        }
    }
}
