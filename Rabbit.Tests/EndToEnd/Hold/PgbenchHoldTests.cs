using Npgsql;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd.Hold;

/// <summary>
/// pgbench with a connection for each transaction, through a tunnel to a real PostgreSQL, while the client and the server are killed: no
/// transaction fails. A transaction that is under way when a process dies breaks with its stream, and nothing can mend that; so pgbench
/// is stopped between two of them, while it has no connection, before each kill, and goes on when that is done, into the gap.
/// </summary>
public sealed class PgbenchHoldTests
{
    // So few a second that also a busy machine has moments without one, and has soon caught up with those of a gap.
    private const int Transactions = 80;
    private const int Rate = 2;
    private static readonly TimeSpan AMoment = TimeSpan.FromMilliseconds(20);

    [Fact]
    [Trait("Property", "P23")]
    [Trait("Property", "P27")]
    [Trait("Property", "P30")]
    public async Task ClientAndServerKilledAndRestarted_NoTransactionFails()
    {
        await using Installation installation = await Installation.CreateAsync();
        RabbitProcess server = installation.LaunchManaged();
        await server.WaitUntilListeningAsync();
        TestToken token = await server.CreateTokenAsync();
        await server.Api.SendAsync(HttpMethod.Patch, $"tokens/{token.Id}", new { hold_seconds = 300, kind = "postgres" });
        int postgres = new NpgsqlConnectionStringBuilder(TestServers.Postgres).Port;
        TunnelClientProcess client = await TunnelClientProcess.ConnectAsync(server, token, postgres);
        using var directory = new TempDirectory();
        await File.WriteAllTextAsync(directory.File("script"), "SELECT 1;\n", TestContext.Current.CancellationToken);
        await using RunningProcess pgbench = RunningProcess.Start(
            "pgbench", Path.Combine(VisitorProgram.PostgresBin, "pgbench"),
            ["-h", "127.0.0.1", "-p", $"{token.Port}", "-U", "postgres", "-n", "-C", "-c", "2", "-j", "2", "-t", $"{Transactions / 2}", "-R", $"{Rate}", "-f", directory.File("script"), "postgres"],
            new Dictionary<string, string> { ["LC_ALL"] = "C", ["PGSSLMODE"] = "prefer" });
        try
        {
            // The client: its visitors wait at the server.
            await SeeMoreAsync(5);
            await StopBetweenTransactionsAsync(pgbench);
            await client.Process.Kill9Async();
            await server.Api.WaitForStateAsync(token.Port, "offline", HoldRig.Soon);
            pgbench.Send(Signal.Continue);
            await server.WaitForWaitingAsync(installation, 2);
            await client.DisposeAsync();
            client = await TunnelClientProcess.ConnectAsync(server, token, postgres);
            await server.WaitForWaitingAsync(installation, 0);

            // The server: they wait in its socket, which the service manager keeps, and then for the client.
            await SeeMoreAsync(4);
            await StopBetweenTransactionsAsync(pgbench);
            await KillServerAsync(server, pgbench);

            // Both: the client is started when the server has been back for a while.
            await SeeMoreAsync(4);
            await StopBetweenTransactionsAsync(pgbench);
            await client.Process.Kill9Async();
            await client.DisposeAsync();
            await KillServerAsync(server, pgbench);
            await server.WaitForWaitingAsync(installation, 2);
            client = await TunnelClientProcess.ConnectAsync(server, token, postgres);

            Assert.Equal(0, await pgbench.WaitForExitAsync(HoldRig.Soon));
            Assert.Contains($"number of transactions actually processed: {Transactions}/{Transactions}", pgbench.Lines);
            Assert.Contains(pgbench.Lines, line => line.StartsWith("number of failed transactions: 0 ", StringComparison.Ordinal));
        }
        finally
        {
            await client.DisposeAsync();
        }

        async Task SeeMoreAsync(int more)
        {
            int seen = await CountAsync();
            await Eventually.BecomesAsync(CountAsync, count => count >= seen + more, HoldRig.Soon, $"{more} more transactions");
        }

        async Task<int> CountAsync() => (await installation.VisitsAsync(token.Port)).Count;
    }

    private static async Task KillServerAsync(RabbitProcess server, RunningProcess pgbench)
    {
        int mark = server.Process.Mark;
        RunningProcess.SendTo(await server.ReadManagedIdAsync(), Signal.Kill);
        pgbench.Send(Signal.Continue);
        await server.WaitUntilListeningAsync(mark);
    }

    // Without a connection there is no transaction, and stopped it begins none.
    private static async Task StopBetweenTransactionsAsync(RunningProcess pgbench)
    {
        using var again = new PeriodicTimer(AMoment);
        while (true)
        {
            pgbench.Send(Signal.Stop);
            await Eventually.BecomesAsync(
                () => pgbench.HasExited ? 'X' : File.ReadAllText($"/proc/{pgbench.Id}/stat").Split(") ")[1][0], state => state is 'T' or 'X', HoldRig.Soon, "pgbench is stopped");
            Assert.False(pgbench.HasExited, pgbench.Transcript());
            if (pgbench.Sockets == 0)
                return;
            pgbench.Send(Signal.Continue);
            await again.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }
}
