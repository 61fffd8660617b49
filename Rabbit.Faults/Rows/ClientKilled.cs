using Rabbit.Faults.Checks;
using Rabbit.Faults.History;
using Rabbit.Faults.Load;
using Rabbit.Tests.Support;

namespace Rabbit.Faults.Rows;

/// <summary>kill -9 of a tunnel client under load, and a new one after a while.</summary>
internal sealed class ClientKilled : FaultRow
{
    private static readonly TimeSpan OneSecond = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public override string Name => "client-kill";

    public override string Fault => "kill -9 of a client under load";

    public override async Task RunAsync(RowRun run)
    {
        await using var world = new World(await Installation.CreateAsync(Engine.Sqlite), run.History);
        await world.StartServerAsync([]);
        await world.AddUsualTunnelsAsync();
        Footprint baseline = Footprint.Of(world.Server.Process);
        await using (var load = new VisitorLoad(world, run.Seed))
        {
            for (int rounds = run.Choose(100, 4); run.Rounds < rounds; run.Rounds++)
            {
                await run.PauseAsync(TimeSpan.FromSeconds(0.1), TimeSpan.FromSeconds(1));
                LoadTunnel tunnel = world.Tunnels[run.Random.Next(world.Tunnels.Count)];
                await KillAsync(run, tunnel);
            }
            await run.PauseAsync(OneSecond, OneSecond);
            await load.StopAsync();
        }
        await Afterwards.CheckAsync(run, world, baseline);
    }

    private static async Task KillAsync(RowRun run, LoadTunnel tunnel)
    {
        TimeSpan before = run.History.Now;
        // The kernel resets its connections while it dies, so that the server may know before this does.
        TimeSpan gone = await tunnel.KillClientAsync();
        // A service that speaks first is not asked: its visitor is told after 5 s of silence, which is not what is measured here.
        if (!tunnel.Service.SpeaksFirst)
        {
            Visit probe;
            do
            {
                probe = await new Visitor(tunnel, run.History).AskAsync(100, Patience);
            }
            while (probe.Outcome != VisitOutcome.Offline && run.History.Now - gone < Patience);
            run.Within("port offline after the client was gone", probe.Began > gone ? probe.Began - gone : TimeSpan.Zero, OneSecond);
            for (int i = 0; i < 3; i++)
            {
                probe = await new Visitor(tunnel, run.History).AskAsync(100, Patience);
                run.Expect(probe is { Outcome: VisitOutcome.Offline, Detail: "503" }, $"An offline port does not answer 503: {probe}");
                run.Within("503 of an offline port", probe.Took, OneSecond);
            }
        }
        await tunnel.ConnectAsync();
        TimeSpan up = run.History.Now;
        run.History.AddWindow(before, tunnel.Port);
        Visit first = await new Visitor(tunnel, run.History).AskAsync(100, Patience);
        run.Expect(first.Outcome == VisitOutcome.Served, $"The new client does not serve: {first}");
        run.Within("first visitor served by the new client", first.Ended - up, OneSecond);
    }
}
