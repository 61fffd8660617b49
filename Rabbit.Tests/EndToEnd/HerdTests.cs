using System.Globalization;
using System.Text.RegularExpressions;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd;

/// <summary>
/// Many clients lose their server at once. What thousands do is measured by the same program
/// (docs/reliability.md, "Many clients come back").
/// </summary>
[Trait("Property", "P42")]
public sealed partial class HerdTests
{
    private const int Clients = 300;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);

    [Theory]
    [InlineData("--one-address")]
    [InlineData("--stop", "--channels", "1")]
    public async Task Clients_LoseTheirServer_AllComeBack(params string[] options)
    {
        await using RunningProcess herd = RunningProcess.Start(
            "herd", Programs.Benchmarks, ["herd", "--server", Programs.Rabbit, "--clients", $"{Clients}", "--limit", "90", .. options]);
        Assert.Equal(0, await herd.WaitForExitAsync(Limit));
        Match logins = await herd.WaitForLineAsync(LoginsLine(), Limit);
        // Nobody was rejected, and nobody was thrown out again.
        Assert.Equal(Clients, int.Parse(logins.Groups["logins"].Value, CultureInfo.InvariantCulture));
        Assert.DoesNotMatch("TooMany|Unavailable|InvalidToken|Occupied", logins.Value);
    }

    [GeneratedRegex(@"^logins (?<logins>\d+), .*$")]
    private static partial Regex LoginsLine();
}
