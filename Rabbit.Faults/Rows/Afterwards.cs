using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Rabbit.Faults.Checks;
using Rabbit.Faults.History;
using Rabbit.Faults.Load;
using Rabbit.Faults.Network;
using Rabbit.Persistence.Model;
using Rabbit.Tests.Support;
using Rabbit.Tunneling.State;
using Xunit.Sdk;

namespace Rabbit.Faults.Rows;

/// <summary>What has to hold after every fault, when the load has stopped.</summary>
internal static class Afterwards
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    /// <summary>Where visitors of the history come from, in whichever network; a crowd that has no history comes from others.</summary>
    private static readonly string[] Addresses = ["127.0.0.1", "127.0.0.2", $"{TwoNetworks.ServerAddress}"];

    /// <summary>Checks the history, the connection log, the sessions and the process.</summary>
    /// <param name="run">Where violations go.</param>
    /// <param name="world">The server and its tunnels; the load has stopped.</param>
    /// <param name="baseline">The server before the load, or null when there is nothing to compare with.</param>
    /// <param name="mayDiffer">True for a visit that the log may tell otherwise, or not at all.</param>
    public static async Task CheckAsync(RowRun run, World world, Footprint? baseline, Func<Visit, bool>? mayDiffer = null)
    {
        // Another world of the same run may be in the middle of its fault.
        List<Visit> visits = [.. run.History.Visits.Where(visit => world.Tunnels.Any(tunnel => tunnel.Port == visit.TunnelPort))];
        List<ConnectionLogRow> rows = await SettledRowsAsync(world, visits.Count(visit => visit.LocalPort != 0));
        run.Expect(Visits.Check(visits, run.History.Windows, rows));
        run.Expect(LogAgreement.Check(visits, rows, mayDiffer ?? (_ => false), visit => run.History.Windows.Any(window => window.Touches(visit))));
        foreach (LoadTunnel tunnel in world.Tunnels)
        {
            await ExpectAsync(run, () => world.Server.Api.WaitForStateAsync(tunnel.Port, "live", Soon));
            // The tables follow the server.
            await ExpectAsync(run, () => Eventually.BecomesAsync(
                async () => (await world.Installation.SessionsAsync(tunnel.Port)).Where(row => row.EndedAt is null).Select(row => row.Status).ToArray(),
                sessions => sessions is [SessionStatus.Active], Soon, $"port {tunnel.Port} has one session that has not ended, and it is active"));
        }
        run.Expect(await LostTokensAsync(world));
        if (baseline is not null && await baseline.ComesBackAsync(world.Server.Process, world.Tunnels.Count, Soon) is { } held)
            run.Expect(false, held);
    }

    /// <summary>Runs what throws when something did not come to be, and takes that for a broken invariant.</summary>
    public static async Task<bool> ExpectAsync(RowRun run, Func<Task> wait)
    {
        try
        {
            await wait();
            return true;
        }
        catch (XunitException e)
        {
            run.Expect(false, e.Message);
            return false;
        }
    }

    // The log is written behind the visitors' backs: some are missing for a moment, and after a kill for good.
    private static async Task<List<ConnectionLogRow>> SettledRowsAsync(World world, int visits)
    {
        int[] ports = [.. world.Tunnels.Select(tunnel => tunnel.Port)];
        long started = TimeProvider.System.GetTimestamp();
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(0.5));
        while (true)
        {
            await using RabbitDbContext database = world.Installation.OpenDatabase();
            List<ConnectionLogRow> rows = await database.ConnectionLogs.AsNoTracking().Where(row => ports.Contains(row.Port) && Addresses.Contains(row.VisitorAddress)).ToListAsync();
            TimeSpan waited = TimeProvider.System.GetElapsedTime(started);
            bool isSettled = rows.TrueForAll(row => row.Status != ConnectionStatus.Active);
            if ((isSettled && (rows.Count >= visits || waited > TimeSpan.FromSeconds(5))) || waited > Soon)
                return rows;
            await timer.WaitForNextTickAsync();
        }
    }

    private static async Task<IEnumerable<string>> LostTokensAsync(World world)
    {
        JsonElement teams = (await world.Server.Api.GetAsync("teams")).GetProperty("data");
        Dictionary<string, int> ports = teams.EnumerateArray().SelectMany(team => team.GetProperty("tokens").EnumerateArray())
            .ToDictionary(token => token.GetProperty("token_id").GetString()!, token => token.GetProperty("port").GetInt32());
        return world.Tunnels.Where(tunnel => !ports.TryGetValue(tunnel.Token.Id, out int port) || port != tunnel.Port)
            .Select(tunnel => $"Token {tunnel.Token.Id} is lost, or has lost its port {tunnel.Port}");
    }
}
