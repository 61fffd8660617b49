using System.Collections.Concurrent;
using Rabbit.Faults.Checks;
using Rabbit.Faults.History;
using Rabbit.Faults.Load;
using Rabbit.Tests.Support;

namespace Rabbit.Faults.Rows;

/// <summary>kill -9 of the server at random moments, also while it starts; it is started again at once.</summary>
internal sealed class ServerKilled : FaultRow
{
    // Entries are gathered for 0.1 s before they are in the journal; the rest is for a busy machine.
    private static readonly TimeSpan MayBeUnwritten = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan Listens = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ClientsBack = TimeSpan.FromSeconds(5);

    public override string Name => "server-kill";

    public override string Fault => "kill -9 of the server at random moments under load";

    public override async Task RunAsync(RowRun run)
    {
        await using var world = new World(await Installation.CreateAsync(Engine.PostgresAndRedis), run.History);
        await world.StartServerAsync([]);
        await world.AddUsualTunnelsAsync();
        Footprint baseline = Footprint.Of(world.Server.Process);
        var kills = new ConcurrentQueue<FaultWindow>();
        await using (var load = new VisitorLoad(world, run.Seed))
        {
            for (int rounds = run.Choose(100, 3); run.Rounds < rounds; run.Rounds++)
            {
                await run.PauseAsync(TimeSpan.FromSeconds(0.2), TimeSpan.FromSeconds(2));
                await KillAsync(run, world, kills);
            }
            await run.PauseAsync(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));
            await load.StopAsync();
        }
        await Afterwards.CheckAsync(run, world, baseline, visit => kills.Any(kill => kill.Touches(visit)));
    }

    private static async Task KillAsync(RowRun run, World world, ConcurrentQueue<FaultWindow> kills)
    {
        int[] marks = [.. world.Tunnels.Select(tunnel => tunnel.Client.Process.Mark)];
        TimeSpan killed = await world.KillServerAsync();
        kills.Enqueue(new FaultWindow(killed - MayBeUnwritten, run.History.Now, null));
        if (run.Random.Next(5) == 0)
        {
            // Once more before it is ready, and perhaps before it has done anything.
            RabbitProcess first = world.Installation.Launch();
            await run.PauseAsync(TimeSpan.Zero, TimeSpan.FromSeconds(1.5));
            TimeSpan again = run.History.Add("nemesis", "kill -9 server while it starts");
            await first.Process.Kill9Async();
            kills.Enqueue(new FaultWindow(again - MayBeUnwritten, run.History.Now, null));
        }
        TimeSpan started = run.History.Add("server", "starts");
        RabbitProcess server = world.Installation.Launch();
        world.Adopt(server);
        int[] ports = [world.Installation.ControlPort, .. world.Tunnels.Select(tunnel => tunnel.Port)];
        await Ports.WaitUntilListeningAsync(ports, server.Process.Id, TimeSpan.FromSeconds(60));
        run.Within("ports listen after the start", run.History.Now - started, Listens);
        await server.WaitUntilListeningAsync();
        await Task.WhenAll(world.Tunnels.Select(async (tunnel, index) =>
        {
            await tunnel.Client.WaitUntilBackAsync(marks[index]);
            run.Within("client back after the start", run.History.Now - started, ClientsBack);
            run.History.AddWindow(killed, tunnel.Port);
            // A client that loses its server every few seconds waits longer and longer; after a stable minute it is as a new one, which
            // stands in for that here.
            TimeSpan replaced = await tunnel.KillClientAsync();
            await tunnel.ConnectAsync();
            run.History.AddWindow(replaced - TimeSpan.FromSeconds(0.1), tunnel.Port);
        }));
    }
}
