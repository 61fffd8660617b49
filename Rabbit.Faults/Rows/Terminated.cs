using System.Globalization;
using Rabbit.Faults.History;
using Rabbit.Faults.Load;
using Rabbit.Persistence.Model;
using Rabbit.Tests.Support;

namespace Rabbit.Faults.Rows;

/// <summary>SIGTERM while a hundred streams run, of which some would never end, and visitors wait for a client that stands still.</summary>
internal sealed class Terminated : FaultRow
{
    private const int Finishing = 60;
    private const int Endless = 40;
    private const int Pending = 10;
    private const int PoolSize = 8;
    private static readonly TimeSpan AfterLimit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    public override string Name => "sigterm";

    public override string Fault => "SIGTERM with 100 active and 10 pending visitors";

    public override async Task RunAsync(RowRun run)
    {
        TimeSpan limit = run.Choose(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(8));
        for (int rounds = run.Choose(5, 1); run.Rounds < rounds; run.Rounds++)
            await TerminateAsync(run, limit);
    }

    private static async Task TerminateAsync(RowRun run, TimeSpan limit)
    {
        RunHistory history = run.History;
        await using var world = new World(await Installation.CreateAsync(Engine.PostgresAndRedis), history);
        await world.StartServerAsync([], ("RABBIT_DRAIN_LIMIT", limit.ToString()), ("RABBIT_CHANNEL_TIMEOUT", "00:05:00"));
        LoadTunnel live = await world.AddTunnelAsync();
        LoadTunnel still = await world.AddTunnelAsync();
        // A pending visitor has found no channel; the ready ones are taken first.
        still.Client.Process.Send(Signal.Stop);
        Visitor[] finishing = [.. Enumerable.Range(0, Finishing).Select(_ => new Visitor(live, history))];
        Visitor[] endless = [.. Enumerable.Range(0, Endless).Select(_ => new Visitor(live, history))];
        List<Task<Visit>> visits =
        [
            .. finishing.Select(visitor => visitor.StreamAsync(Bytes(limit * (0.2 + (0.4 * run.Random.NextDouble()))), Pace, Soon)),
            .. endless.Select(visitor => visitor.StreamAsync(Bytes(limit * 3), Pace, Soon + limit)),
            .. Enumerable.Range(0, PoolSize + Pending).Select(_ => new Visitor(still, history).AskAsync(10, Soon + limit)),
        ];
        await Eventually.BecomesAsync(() => finishing.Concat(endless).Count(visitor => visitor.Received > 0), count => count == Finishing + Endless, Soon, "all streams run");
        await Eventually.BecomesAsync(
            async () => (await world.Server.Api.FindTunnelAsync(still.Port))!.Value.GetProperty("visitors").GetInt32(), count => count == PoolSize + Pending, Soon, "the visitors wait");

        TimeSpan asked = history.Add("nemesis", "SIGTERM");
        world.Server.Process.Send(Signal.Term);
        int status = await world.Server.Process.WaitForExitAsync(limit + Soon);
        run.Within("exit behind the drain limit", history.Now - asked - limit, AfterLimit);
        run.Expect(status == 0, $"The server ended with status {status}.");
        history.AddWindow(asked);
        Visit[] ended = await Task.WhenAll(visits);
        int complete = ended.Take(Finishing).Count(visit => visit.Outcome == VisitOutcome.Served);
        run.Expect(complete == Finishing, $"{Finishing - complete} of the streams that would have finished in time did not: {ended.FirstOrDefault(visit => visit.Outcome != VisitOutcome.Served)}");
        run.Expect(ended.All(visit => visit.Outcome is not VisitOutcome.Corrupt and not VisitOutcome.TimedOut), $"Not ended, or corrupt: {ended.FirstOrDefault(visit => visit.Outcome is VisitOutcome.Corrupt or VisitOutcome.TimedOut)}");
        run.Expect(ended.Skip(Finishing).All(visit => visit.Outcome != VisitOutcome.Served), "A visitor that could not be served was.");
        foreach (LoadTunnel tunnel in world.Tunnels)
        {
            List<SessionRow> sessions = await world.Installation.SessionsAsync(tunnel.Port);
            run.Expect(sessions is [{ EndedAt: null }], $"The session of port {tunnel.Port} has ended with the server.");
        }

        still.Client.Process.Send(Signal.Continue);
        await world.StartServerAsync([]);
        await Afterwards.CheckAsync(run, world, baseline: null);
        run.Note(string.Create(CultureInfo.InvariantCulture, $"round {run.Rounds}: {string.Join(", ", ended.GroupBy(visit => visit.Outcome).OrderBy(group => group.Key).Select(group => $"{group.Count()} {group.Key}"))}"));
    }

    private static long Bytes(TimeSpan time) => (long)(time / Pace) * ContentStream.Chunk;
}
