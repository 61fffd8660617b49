using System.Globalization;
using Rabbit.Persistence.Model;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd.Upgrades;

/// <summary>
/// A server is replaced again and again while visitors come. The long form: RABBIT_TEST_UPGRADES=50 ./test.sh -class "*UpgradeUnderLoadTests"
/// </summary>
public sealed class UpgradeUnderLoadTests
{
    private const int VisitorsAtOnce = 2;
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    private static int Upgrades { get; } = int.Parse(Environment.GetEnvironmentVariable("RABBIT_TEST_UPGRADES") ?? "3", CultureInfo.InvariantCulture);

    [Theory]
    [InlineData(Engine.Sqlite)]
    [InlineData(Engine.PostgresAndRedis)]
    [Trait("Property", "P23")]
    [Trait("Property", "P25")]
    [Trait("Property", "P27")]
    [Trait("Property", "P33")]
    [Trait("Property", "P44")]
    public async Task Takeover_AgainAndAgainUnderLoad_NobodyNotices(Engine engine)
    {
        await using Installation installation = await Installation.CreateAsync(engine);
        RabbitProcess server = await installation.StartAsync();
        await using SteadyVisitors visitors = await SteadyVisitors.BeginAsync(server, VisitorsAtOnce);
        await visitors.SeeMoreAsync(100);
        var ended = new List<(int, int, long)>();
        LongStream? before = null;
        RabbitProcess? old = null;
        for (int upgrade = 0; upgrade < Upgrades; upgrade++)
        {
            LongStream stream = await LongStream.BeginAsync(visitors.Echo.Port);
            RabbitProcess successor = await installation.TakeOverAsync();
            await stream.SendAsync();
            await visitors.SeeMoreAsync(100);
            Assert.False(server.Process.HasExited, "A server with a stream has ended.");
            if (before is not null)
            {
                // A stream stays until its server has been replaced twice.
                await before.EndAsync();
                ended.Add(before.Visit);
                before.Dispose();
                Assert.Equal(0, await old!.Process.WaitForExitAsync(Soon));
            }
            (before, old, server) = (stream, server, successor);
        }
        await visitors.EndAsync();
        await before!.EndAsync();
        ended.Add(before.Visit);
        before.Dispose();
        Assert.Equal(0, await old!.Process.WaitForExitAsync(Soon));

        await visitors.AssertRowsAsync(installation, [.. ended]);
        foreach (TestToken token in new[] { visitors.Echo, visitors.Web, visitors.First })
        {
            SessionRow session = Assert.Single(await installation.SessionsAsync(token.Port));
            Assert.Equal((SessionStatus.Active, 1 + Upgrades), (session.Status, session.Epoch));
        }
    }
}
