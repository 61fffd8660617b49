using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Rabbit.Faults.Checks;
using Rabbit.Faults.History;
using Rabbit.Faults.Load;
using Rabbit.Tests.Support;

namespace Rabbit.Faults.Rows;

/// <summary>
/// Two ways out of descriptors: a crowd of visitors and strangers beyond the server's limit, against which it has a budget; and the limit
/// taken from under it, against which it has none.
/// </summary>
internal sealed class DescriptorsExhausted : FaultRow
{
    private const int Limit = 1200;
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public override string Name => "descriptors";

    public override string Fault => "descriptors exhausted";

    public override async Task RunAsync(RowRun run)
    {
        await using var world = new World(await Installation.CreateAsync(Engine.PostgresAndRedis), run.History);
        await world.StartServerAsync(["prlimit", $"--nofile={Limit}:{Limit}"]);
        await world.AddUsualTunnelsAsync();
        Footprint baseline = Footprint.Of(world.Server.Process);
        await using (var load = new VisitorLoad(world, run.Seed, TimeSpan.FromMilliseconds(300)))
        {
            for (int rounds = run.Choose(5, 1); run.Rounds < rounds; run.Rounds++)
            {
                await DuringAsync(run, world, "a crowd", () => CrowdAsync(run, world));
                await DuringAsync(run, world, "the limit at nothing", () => TakeLimitAsync(run, world));
            }
            await load.StopAsync();
        }
        run.Expect(LinesTooClose(world.Server.Process.Lines));
        await Afterwards.CheckAsync(run, world, baseline, visit => run.History.Windows.Any(window => window.Touches(visit)));
    }

    private static async Task DuringAsync(RowRun run, World world, string what, Func<Task> fault)
    {
        TimeSpan began = run.History.Add("nemesis", what);
        await fault();
        TimeSpan ended = run.History.Add("nemesis", $"no longer {what}");
        run.Expect(!world.Server.Process.HasExited, $"The server ended under {what}: {world.Server.Process.Transcript()}");
        foreach (LoadTunnel tunnel in world.Tunnels)
        {
            Visit visit;
            do
            {
                visit = await new Visitor(tunnel, run.History).AskAsync(10, Patience);
            }
            while (visit.Outcome != VisitOutcome.Served && run.History.Now - ended < Soon);
            run.Within("served again", run.History.Now - ended, TimeSpan.FromSeconds(10));
        }
        run.History.AddWindow(began);
        await ExpectManagementAsync(run, world);
    }

    private static async Task ExpectManagementAsync(RowRun run, World world)
    {
        TimeSpan asked = run.History.Now;
        using var http = new HttpClient { DefaultRequestHeaders = { Authorization = new("Bearer", (await world.Server.ReadAdminKeyAsync()).Trim()) } };
        await Afterwards.ExpectAsync(run, () => Eventually.BecomesAsync(
            async () =>
            {
                using HttpResponseMessage answer = await http.GetAsync(new Uri(world.Server.Api.Address, "/api/v1/stats"));
                return answer.StatusCode;
            },
            status => status == HttpStatusCode.OK, Soon, "the API answers"));
        run.Within("API answers", run.History.Now - asked, TimeSpan.FromSeconds(10));
    }

    private static async Task CrowdAsync(RowRun run, World world)
    {
        var crowd = new List<Socket>();
        try
        {
            int[] ports = [world.Server.ControlPort, .. world.Tunnels.Select(tunnel => tunnel.Port)];
            for (int i = 0; i < Limit * 2; i++)
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                crowd.Add(socket);
                // From addresses of their own: it is the server's descriptors that are to run out, not an address's share of them.
                socket.Bind(new IPEndPoint(IPAddress.Parse($"127.0.1.{1 + (i % 250)}"), 0));
                using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1));
                try
                {
                    await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, ports[i % ports.Length]), patience.Token);
                }
                catch (Exception e) when (e is SocketException or OperationCanceledException)
                {
                    // Turned away, which is one way not to run out.
                }
            }
            run.Note($"{world.Server.Process.Descriptors} of {Limit} descriptors open under the crowd");
            await ExpectManagementAsync(run, world);
        }
        finally
        {
            crowd.ForEach(socket => socket.Dispose());
        }
    }

    private static async Task TakeLimitAsync(RowRun run, World world)
    {
        int mark = world.Server.Process.Mark;
        // Descriptors are numbered from 0, and the lowest that are free are taken: those of visitors who leave lie above this.
        await LimitAsync(world, world.Server.Process.Descriptors / 2);
        await Afterwards.ExpectAsync(run, () => world.Server.Process.WaitForLineAsync("Cannot accept", Soon, mark));
        await run.PauseAsync(run.Choose(TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(4)), run.Choose(TimeSpan.FromSeconds(25), TimeSpan.FromSeconds(5)));
        if (!world.Server.Process.HasExited)
            await LimitAsync(world, Limit);
    }

    private static async Task LimitAsync(World world, int limit)
    {
        await using RunningProcess prlimit = RunningProcess.Start("prlimit", "prlimit", ["--pid", $"{world.Server.Process.Id}", $"--nofile={limit}:{Limit}"]);
        await prlimit.WaitForExitAsync(Soon);
    }

    private static IEnumerable<string> LinesTooClose(IReadOnlyList<string> lines)
    {
        DateTimeOffset[] times = [.. lines.Where(line => line.Contains("Cannot accept", StringComparison.Ordinal)).Select(line => DateTimeOffset.Parse(line.Split(' ')[0], CultureInfo.InvariantCulture))];
        return times.Zip(times.Skip(1)).Where(pair => pair.Second - pair.First < TimeSpan.FromSeconds(0.9))
            .Select(pair => $"Two lines within a second: at {pair.First:O} and {pair.Second:O}");
    }
}
