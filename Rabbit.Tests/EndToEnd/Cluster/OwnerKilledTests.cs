using System.Diagnostics;
using Npgsql;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd.Cluster;

/// <summary>The node with the client is killed while pgbench makes a connection for each transaction, through haproxy.</summary>
public sealed class OwnerKilledTests
{
    // What else the machine does is not the cluster's doing: the best of a few runs counts.
    private const int Runs = 3;

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 3)]
    public async Task OwnerKilled_NewVisitorsAreServedSoon(bool standby, int withinSeconds)
    {
        await using ThreeNodes cluster = await ThreeNodes.StartAsync();
        int postgres = new NpgsqlConnectionStringBuilder(TestServers.Postgres).Port;
        TestToken token = await cluster.Nodes[0].CreateTokenAsync();
        await using TunnelClientProcess client = await TunnelClientProcess.ConnectWithAsync(
            await cluster.ConnectionStringAsync(token, ThreeNodes.Balancer), postgres, standby ? [] : ["--no-standby"]);
        await ThreeNodes.WaitForPortsAsync(token);
        using var directory = new TempDirectory();
        await File.WriteAllTextAsync(directory.File("script"), "SELECT 1;\n", TestContext.Current.CancellationToken);
        var took = new List<TimeSpan>();
        for (int run = 0; run < Runs && (took.Count == 0 || took.Min() > TimeSpan.FromSeconds(withinSeconds)); run++)
        {
            int owner = await cluster.FindOwnerAsync(token);
            await using RunningProcess load = StartPgbench("-c", "2", "-j", "2", "-T", "60");
            await Eventually.BecomesAsync(async () => (await cluster.Installation.VisitsAsync(token.Port)).Count, count => count > 20 * (run + 1), ThreeNodes.Soon, "pgbench visits");
            if (standby)
                await client.WaitForStandbyAsync();

            await cluster.Nodes[owner].Process.Kill9Async();
            long killed = Stopwatch.GetTimestamp();
            await Eventually.BecomesAsync(TransactAsync, works => works, ThreeNodes.Soon, "a transaction works again");
            took.Add(Stopwatch.GetElapsedTime(killed));
            TestContext.Current.TestOutputHelper?.WriteLine(
                $"{(standby ? "With" : "Without")} a standby: the first transaction after kill -9 of the owner was done {took[^1].TotalMilliseconds:0} ms later");
            await cluster.RestartAsync(owner);
            await cluster.WaitForNodesAsync(ThreeNodes.Count);
        }
        Assert.InRange(took.Min(), TimeSpan.Zero, TimeSpan.FromSeconds(withinSeconds));

        async Task<bool> TransactAsync()
        {
            await using RunningProcess once = StartPgbench("-c", "1", "-t", "1");
            return await once.WaitForExitAsync(ThreeNodes.Soon) == 0;
        }

        RunningProcess StartPgbench(params string[] options) => RunningProcess.Start(
            "pgbench", Path.Combine(VisitorProgram.PostgresBin, "pgbench"),
            ["-h", $"{ThreeNodes.AddressOf(ThreeNodes.Balancer)}", "-p", $"{token.Port}", "-U", "postgres", "-n", "-C", "-f", directory.File("script"), .. options, "postgres"],
            new Dictionary<string, string> { ["LC_ALL"] = "C", ["PGSSLMODE"] = "prefer" });
    }
}
