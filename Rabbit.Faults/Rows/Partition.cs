using Rabbit.Faults.Checks;
using Rabbit.Faults.History;
using Rabbit.Faults.Load;
using Rabbit.Faults.Network;
using Rabbit.Tests.Support;

namespace Rabbit.Faults.Rows;

/// <summary>
/// Packets between server and client are dropped, both ways, or one way only: three servers with three cables at the same time, since each
/// takes its 45 s. The server finds out in time, and so does the client; visitors are told; when the cable is mended all goes on by itself.
/// </summary>
internal sealed class Partition : FaultRow
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public override string Name => "partition";

    public override string Fault => "packets between server and client dropped: both ways, either way";

    public override async Task RunAsync(RowRun run)
    {
        if (!TwoNetworks.CanBeMade)
            throw new InvalidOperationException("Network namespaces take root and iptables.");
        using var starting = new SemaphoreSlim(1); // Three starts at once would be a fault of their own.
        await Task.WhenAll(
            CutAsync(run, starting, "both ways", true, true), CutAsync(run, starting, "to the server", true, false), CutAsync(run, starting, "to the client", false, true));
    }

    private static async Task CutAsync(RowRun run, SemaphoreSlim starting, string how, bool toServer, bool toClients)
    {
        var (interval, dead, slack) = run.IsShort
            ? (TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(1))
            : (TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(45), TimeSpan.FromSeconds(5));
        await using TwoNetworks networks = await TwoNetworks.MakeAsync();
        await using var world = new World(Installation.CreateAt(TwoNetworks.ServerAddress.ToString(), networks.MakeSocketAtServer), run.History);
        LoadTunnel tunnel;
        await starting.WaitAsync();
        try
        {
            await world.StartServerAsync(networks.ServerLauncher, ("RABBIT_HEARTBEAT_INTERVAL", interval.ToString()), ("RABBIT_DEAD_AFTER", dead.ToString()));
            tunnel = await world.AddTunnelAsync(networks);
        }
        finally
        {
            starting.Release();
        }
        Footprint baseline = Footprint.Of(world.Server.Process);
        await using (var load = new VisitorLoad(world, run.Seed, TimeSpan.FromMilliseconds(300)))
        {
            await run.PauseAsync(interval * 0.2, interval * 1.2);
            int serverMark = world.Server.Process.Mark, clientMark = tunnel.Client.Process.Mark;
            TimeSpan cut = run.History.Add("nemesis", $"drops packets {how}");
            await networks.DropAsync(toServer, toClients);
            run.Rounds++;
            // The last word before the cut was up to a heartbeat old, and the next look comes with the next heartbeat.
            Task server = FoundAsync(world.Server.Process, $"Tunnel client left port {tunnel.Port}", serverMark, "server");
            Task client = FoundAsync(tunnel.Client.Process, "No tunnel", clientMark, "client");
            await server;
            Visit told = await new Visitor(tunnel, run.History).AskAsync(10, Patience);
            run.Expect(told is { Outcome: VisitOutcome.Offline, Detail: "503" }, $"The port does not answer when its client is cut off {how}: {told}");
            await client;
            run.Expect(await networks.DroppedAsync() > 0, "No packet was dropped: the fault was none.");

            await networks.MendAsync();
            TimeSpan mended = run.History.Add("nemesis", $"drops no more packets {how}");
            await Afterwards.ExpectAsync(run, () => tunnel.Client.WaitUntilBackAsync(clientMark));
            run.Within("client back when the cable is mended", run.History.Now - mended, TimeSpan.FromSeconds(40));
            run.History.AddWindow(cut, tunnel.Port);
            Visit again = await new Visitor(tunnel, run.History).AskAsync(10, Patience);
            run.Expect(again.Outcome == VisitOutcome.Served, $"The port is stuck after a cut {how}: {again}");
            await load.StopAsync();

            async Task FoundAsync(RunningProcess process, string line, int from, string who)
            {
                await Afterwards.ExpectAsync(run, () => process.WaitForLineAsync(line, Soon, from));
                TimeSpan took = run.History.Now - cut;
                run.Between($"found by the {who}, cut {how}", took, dead - slack - interval, dead + slack);
            }
        }
        await Afterwards.CheckAsync(run, world, baseline, visit => run.History.Windows.Any(window => window.Touches(visit)));
    }
}
