using System.Net;
using Rabbit.Faults.Checks;
using Rabbit.Faults.Load;
using Rabbit.Faults.Network;
using Rabbit.Tests.Support;

namespace Rabbit.Faults.Rows;

/// <summary>
/// The line between client and server stands still, which hurts nobody; loses what goes one way and then breaks; breaks with resets. What
/// was lost is never taken for the end of anything.
/// </summary>
internal sealed class UnsteadyNetwork : FaultRow
{
    public override string Name => "unsteady-network";

    public override string Fault => "the client's line stalls, loses a direction, is reset";

    public override async Task RunAsync(RowRun run)
    {
        await using var world = new World(await Installation.CreateAsync(Engine.Sqlite), run.History);
        await world.StartServerAsync([]);
        // Data channels go where the control channel went, to the port that the server names: the relay has the server's port at another address.
        IPAddress other = IPAddress.Parse("127.0.0.2");
        await using var line = new FaultRelay(new IPEndPoint(other, world.Server.ControlPort), new IPEndPoint(IPAddress.Loopback, world.Server.ControlPort));
        for (int i = 0; i < 2; i++)
        {
            await world.AddTunnelAsync(make: (token, connection, service) =>
                new LoadTunnel(token, connection.Replace("localhost", $"{other}", StringComparison.Ordinal), service, run.History));
        }
        Footprint baseline = Footprint.Of(world.Server.Process);
        await using (var load = new VisitorLoad(world, run.Seed))
        {
            for (int rounds = run.Choose(6, 1); run.Rounds < rounds; run.Rounds++)
            {
                await StallAsync(run, line);
                await BreakAsync(run, world, line, new LineState { LosesThere = run.Random.Next(2) == 0, LosesBack = run.Random.Next(2) == 0 });
                await BreakAsync(run, world, line, new LineState());
            }
            await load.StopAsync();
        }
        await Afterwards.CheckAsync(run, world, baseline);
    }

    private static async Task StallAsync(RowRun run, FaultRelay line)
    {
        var moving = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        run.History.Add("nemesis", "the line stands still");
        line.Line = line.Line with { Moving = moving.Task };
        await run.PauseAsync(TimeSpan.FromSeconds(0.5), run.Choose(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(1)));
        line.Line = new LineState();
        moving.SetResult();
        run.History.Add("nemesis", "the line moves again");
        await run.PauseAsync(TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(2));
    }

    private static async Task BreakAsync(RowRun run, World world, FaultRelay line, LineState state)
    {
        int[] marks = [.. world.Tunnels.Select(tunnel => tunnel.Client.Process.Mark)];
        TimeSpan began = run.History.Add("nemesis", $"the line breaks: {state}");
        line.Line = state;
        await run.PauseAsync(TimeSpan.FromSeconds(0.1), TimeSpan.FromSeconds(1));
        await line.ResetAsync();
        line.Line = new LineState();
        TimeSpan mended = run.History.Add("nemesis", "the line is reset, and well again");
        await Task.WhenAll(world.Tunnels.Select(async (tunnel, index) =>
        {
            await tunnel.Client.WaitUntilBackAsync(marks[index]);
            // It waits longer each time, up to half a minute.
            run.Within("client back after the reset", run.History.Now - mended, TimeSpan.FromSeconds(31));
            run.History.AddWindow(began, tunnel.Port);
        }));
    }
}
