using System.Net;
using Rabbit.Faults.Checks;
using Rabbit.Faults.History;
using Rabbit.Faults.Load;
using Rabbit.Faults.Network;
using Rabbit.Tests.Support;

namespace Rabbit.Faults.Rows;

/// <summary>
/// A bad network loses packets, delays them, and cuts them into single bytes: nothing but time is lost. Loss is the kernel's, between two
/// network namespaces; delay and slices are a relay's on each of the three hops of a byte.
/// </summary>
internal sealed class BadNetwork : FaultRow
{
    private const int Streams = 4;
    private const double Loss = 0.05;
    private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    public override string Name => "bad-network";

    public override string Fault => "5 % loss, 1-byte slices, 200 ms delay";

    public override async Task RunAsync(RowRun run)
    {
        if (!TwoNetworks.CanBeMade)
            throw new InvalidOperationException("Network namespaces take root and iptables.");
        await LossAsync(run);
        await LineAsync(run, new LineState { Slice = 1 }, run.Choose(2_000_000, 50_000));
        await LineAsync(run, new LineState { Delay = Delay }, run.Choose(20_000_000, 500_000));
        await LineAsync(run, new LineState { Delay = Delay, Slice = 7 }, run.Choose(2_000_000, 50_000));
    }

    private static async Task LossAsync(RowRun run)
    {
        await using TwoNetworks networks = await TwoNetworks.MakeAsync();
        await using var world = new World(Installation.CreateAt(TwoNetworks.ServerAddress.ToString(), networks.MakeSocketAtServer), run.History);
        await world.StartServerAsync(networks.ServerLauncher);
        LoadTunnel tunnel = await world.AddTunnelAsync(networks);
        Footprint baseline = Footprint.Of(world.Server.Process);
        run.History.Add("nemesis", "loses packets both ways");
        await networks.DropAsync(true, true, Loss);
        await StreamsAsync(run, tunnel, run.Choose(50_000_000, 1_000_000));
        run.Note($"{await networks.DroppedAsync()} packets lost");
        run.Expect(await networks.DroppedAsync() > 0, "No packet was lost: the fault was none.");
        await networks.MendAsync();
        await Afterwards.CheckAsync(run, world, baseline);
    }

    private static async Task LineAsync(RowRun run, LineState state, long bytes)
    {
        IPAddress other = IPAddress.Parse("127.0.0.2");
        await using var world = new World(await Installation.CreateAsync(Engine.Sqlite), run.History);
        await world.StartServerAsync([]);
        // Data channels go where the control channel went, to the port that the server names: the relay has the server's port at another address.
        await using var toServer = new FaultRelay(new IPEndPoint(other, world.Server.ControlPort), new IPEndPoint(IPAddress.Loopback, world.Server.ControlPort)) { Line = state };
        FaultRelay? toPort = null, toService = null;
        try
        {
            LoadTunnel tunnel = await world.AddTunnelAsync(make: (token, connection, service) =>
            {
                toPort = new FaultRelay(new IPEndPoint(other, token.Port), new IPEndPoint(IPAddress.Loopback, token.Port)) { Line = state };
                toService = new FaultRelay(new IPEndPoint(other, 0), new IPEndPoint(IPAddress.Loopback, service.Port)) { Line = state };
                return new LoadTunnel(token, connection.Replace("localhost", $"{other}", StringComparison.Ordinal), service, run.History)
                {
                    Visitors = new IPEndPoint(other, token.Port),
                    ServicePort = toService.Port,
                    ServiceHost = $"{other}",
                };
            });
            Footprint baseline = Footprint.Of(world.Server.Process);
            await StreamsAsync(run, tunnel, bytes);
            // The log knows the relay's ports and not the visitors': the byte counts of whole streams are checked without them.
            run.Expect(Visits.Check(run.History.Visits, run.History.Windows));
            if (await baseline.ComesBackAsync(world.Server.Process, 1, TimeSpan.FromSeconds(60)) is { } held)
                run.Expect(false, held);
        }
        finally
        {
            if (toPort is not null)
                await toPort.DisposeAsync();
            if (toService is not null)
                await toService.DisposeAsync();
        }
    }

    private static async Task StreamsAsync(RowRun run, LoadTunnel tunnel, long bytes)
    {
        Visit[] visits = await Task.WhenAll(Enumerable.Range(0, Streams).Select(_ => new Visitor(tunnel, run.History).StreamAsync(bytes, TimeSpan.Zero, Patience))
            .Concat(Enumerable.Range(0, Streams).Select(_ => new Visitor(tunnel, run.History).AskAsync(10_000, Patience))));
        run.Rounds++;
        run.Note($"{visits.Length} visits, {visits.Sum(visit => visit.Sent + visit.Received)} bytes, slowest {visits.Max(visit => visit.Took).TotalSeconds:0.0} s");
    }
}
