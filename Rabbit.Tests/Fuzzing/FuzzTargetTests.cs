using System.Globalization;
using System.Text.RegularExpressions;
using Rabbit.Fuzz;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Fuzzing;

/// <summary>
/// Every parser of bytes from the network on its corpus and on a minute of mutations, the same ones each time (docs/fuzzing.md). An input
/// that crashes it, takes a second or allocates 1 MiB ends the run with its bytes.
/// </summary>
public sealed partial class FuzzTargetTests(FuzzRuns runs) : IClassFixture<FuzzRuns>
{
    private const long MostMemory = 256L * 1024 * 1024;

    public static TheoryData<string> Targets => [.. FuzzTarget.All.Select(target => target.Name)];

    [Theory]
    [MemberData(nameof(Targets))]
    [Trait("Property", "P12")]
    public async Task Target_MutationsOfItsCorpus_Hold(string target)
    {
        RunningProcess run = runs[target];
        int status = await run.WaitForExitAsync(TimeSpan.FromSeconds(FuzzRuns.Seconds + 120));
        Assert.True(status == 0, run.Transcript());
        Match said = Summary().Match(run.Lines[^1]);
        Assert.True(said.Success, run.Transcript());
        TestContext.Current.TestOutputHelper!.WriteLine(said.Value);
        Assert.True(Number(said.Groups["inputs"]) > 1000, said.Value);
        Assert.True(Number(said.Groups["memory"]) < MostMemory, said.Value);
    }

    private static long Number(Group group) => long.Parse(group.Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"(?<inputs>\d+) inputs hold; at most \d+ bytes allocated by one, (?<memory>\d+) bytes of memory")]
    private static partial Regex Summary();
}
