using Rabbit.Faults.Checks;
using Rabbit.Faults.Load;
using Rabbit.Tests.Support;

namespace Rabbit.Faults.Rows;

/// <summary>
/// <c>rabbit server --takeover</c> beside the server that runs, under load: it takes all listeners over, and the old one leaves when its
/// streams are done. No visitor may notice anything.
/// </summary>
internal sealed class Upgrade : FaultRow
{
    private static readonly TimeSpan OldLeaves = TimeSpan.FromMinutes(2);

    public override string Name => "upgrade";

    public override string Fault => "rabbit server --takeover under load";

    public override async Task RunAsync(RowRun run)
    {
        await using var world = new World(await Installation.CreateAsync(Engine.PostgresAndRedis), run.History);
        world.Installation.ApiPort = ReservedPorts.Take(1);
        await world.StartServerAsync([]);
        await world.AddUsualTunnelsAsync();
        Footprint baseline = Footprint.Of(world.Server.Process);
        await using (var load = new VisitorLoad(world, run.Seed))
        {
            for (int rounds = run.Choose(50, 2); run.Rounds < rounds; run.Rounds++)
            {
                await run.PauseAsync(TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(2));
                RabbitProcess old = world.Server;
                TimeSpan asked = run.History.Add("nemesis", "starts a successor");
                RabbitProcess successor = world.Installation.LaunchSuccessor();
                await successor.WaitUntilListeningAsync();
                run.Within("the successor listens", run.History.Now - asked, TimeSpan.FromSeconds(10));
                world.Adopt(successor);
                int status = await old.Process.WaitForExitAsync(OldLeaves);
                run.Within("the old server has left", run.History.Add("server", "old one has left", $"status {status}") - asked, OldLeaves);
                run.Expect(status == 0, $"The old server ended with status {status}.");
            }
            await load.StopAsync();
        }
        // No window: whoever was not served was wronged.
        await Afterwards.CheckAsync(run, world, baseline);
    }
}
