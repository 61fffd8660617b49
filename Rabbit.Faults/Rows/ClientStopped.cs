using Rabbit.Faults.Checks;
using Rabbit.Faults.Load;
using Rabbit.Persistence.Model;
using Rabbit.Tests.Support;

namespace Rabbit.Faults.Rows;

/// <summary>
/// SIGSTOP of a client; another logs in with its token and takes the tunnel over; SIGCONT. The old one's service is another one, so that a
/// visitor who were led there would see bytes that are not its own.
/// </summary>
internal sealed class ClientStopped : FaultRow
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    public override string Name => "client-stop";

    public override string Fault => "SIGSTOP of a client for 2 min, another takes its tunnel, SIGCONT";

    public override async Task RunAsync(RowRun run)
    {
        TimeSpan stopped = run.Choose(TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(4));
        await using var world = new World(await Installation.CreateAsync(Engine.Sqlite), run.History);
        await world.StartServerAsync([], run.IsShort ? [("RABBIT_HEARTBEAT_INTERVAL", "00:00:00.3"), ("RABBIT_DEAD_AFTER", "00:00:01")] : []);
        LoadTunnel tunnel = await world.AddTunnelAsync();
        Footprint baseline = Footprint.Of(world.Server.Process);
        await using TunnelClientProcess old = tunnel.TakeClient();
        await using ContentService oldService = tunnel.Service;

        old.Process.Send(Signal.Stop);
        run.History.Add("nemesis", "SIGSTOP client");
        run.Rounds++;
        tunnel.Service = new ContentService(run.History);
        await tunnel.ConnectAsync();
        await using (var load = new VisitorLoad(world, run.Seed))
        {
            await Task.Delay(stopped);
            int mark = old.Process.Mark;
            old.Process.Send(Signal.Continue);
            run.History.Add("nemesis", "SIGCONT client");
            // It may find out by what the server had told it, or by a channel that is closed; it must not come between.
            await Afterwards.ExpectAsync(run, () => old.Process.WaitForLineAsync("No tunnel", Soon, mark));
            await Task.Delay(run.Choose(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(2)));
            await load.StopAsync();
        }
        run.Expect(!old.Process.HasExited, "The old client has ended instead of waiting.");
        run.Expect(!tunnel.Client.Process.Lines.Any(line => line.Contains("No tunnel", StringComparison.Ordinal)), "The new client has lost its tunnel to the old one.");
        List<SessionRow> sessions = await world.Installation.SessionsAsync(tunnel.Port);
        run.Expect(
            sessions is [{ EndedAt: not null }, { Status: SessionStatus.Active, EndedAt: null }] && sessions[1].Epoch > sessions[0].Epoch,
            $"The sessions are not the old one, over, and the new one: {string.Join("; ", sessions.Select(row => $"epoch {row.Epoch} {row.Status} {row.EndReason}"))}");
        await Afterwards.CheckAsync(run, world, baseline);
    }
}
