using System.Net;
using System.Text.Json;
using Rabbit.Faults.Checks;
using Rabbit.Faults.Load;
using Rabbit.Faults.Network;
using Rabbit.Tests.Support;

namespace Rabbit.Faults.Rows;

/// <summary>PostgreSQL and Redis are killed, stand still, are restarted, and answer a second late: visitors notice nothing.</summary>
internal sealed class StoresFail : FaultRow
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan OneSecond = TimeSpan.FromSeconds(1);

    public override string Name => "stores";

    public override string Fault => "database and Redis: killed, stopped, restarted, a second slow";

    public override async Task RunAsync(RowRun run)
    {
        await using PrivateServer postgres = await PrivateServer.MakePostgresAsync();
        await using PrivateServer redis = PrivateServer.MakeRedis();
        await postgres.StartAsync();
        await redis.StartAsync();
        await using var toPostgres = new FaultRelay(new IPEndPoint(IPAddress.Loopback, 0), new IPEndPoint(IPAddress.Loopback, postgres.Port));
        await using var toRedis = new FaultRelay(new IPEndPoint(IPAddress.Loopback, 0), new IPEndPoint(IPAddress.Loopback, redis.Port));
        // The server goes by the lines that can be slow; whoever looks afterwards does too.
        await using var world = new World(
            await Installation.CreateAsync($"Host=127.0.0.1;Port={toPostgres.Port};Username=postgres", $"127.0.0.1:{toRedis.Port}"), run.History);
        await world.StartServerAsync([], ("RABBIT_HEARTBEAT_INTERVAL", "00:00:02"));
        await world.AddUsualTunnelsAsync();
        Footprint baseline = Footprint.Of(world.Server.Process);
        TimeSpan outage = run.Choose(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(2));
        await using (var load = new VisitorLoad(world, run.Seed))
        {
            for (int rounds = run.Choose(3, 1); run.Rounds < rounds; run.Rounds++)
            {
                await DuringAsync("both killed", outage, async () => await Task.WhenAll(postgres.Kill9Async(), redis.Kill9Async()), () => Task.WhenAll(postgres.StartAsync(), redis.StartAsync()));
                await DuringAsync("both stopped", outage, () => DoAsync(postgres.Freeze, redis.Freeze), () => DoAsync(postgres.Thaw, redis.Thaw));
                await DuringAsync("both restarted", TimeSpan.Zero, async () => await Task.WhenAll(postgres.Kill9Async(), redis.Kill9Async()), () => Task.WhenAll(postgres.StartAsync(), redis.StartAsync()));
                await DuringAsync("both a second slow", outage, () => DoAsync(() => Slow(OneSecond)), () => DoAsync(() => Slow(TimeSpan.Zero)));
            }
            await load.StopAsync();
        }
        // Redis has forgotten the live sessions with each restart; the heartbeat writes them anew.
        await Afterwards.CheckAsync(run, world, baseline);

        async Task DuringAsync(string what, TimeSpan time, Func<Task> begin, Func<Task> end)
        {
            run.History.Add("nemesis", what);
            await begin();
            await run.PauseAsync(time, time * 1.2);
            await end();
            TimeSpan mended = run.History.Add("nemesis", $"no longer {what}");
            await Afterwards.ExpectAsync(run, () => Eventually.BecomesAsync(() => HealthAsync(world.Server), health => health == "healthy", Soon, $"the server is healthy after {what}"));
            run.Within("healthy again", run.History.Now - mended, Soon);
        }

        void Slow(TimeSpan delay)
        {
            // There and back, half of it each way.
            toPostgres.Line = toPostgres.Line with { Delay = delay / 2 };
            toRedis.Line = toRedis.Line with { Delay = delay / 2 };
        }
    }

    public static async Task<string> HealthAsync(RabbitProcess server)
    {
        using var http = new HttpClient();
        using HttpResponseMessage response = await http.GetAsync(new Uri(server.Api.Address, "/api/v1/health"));
        using JsonDocument health = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return health.RootElement.GetProperty("status").GetString()!;
    }

    private static Task DoAsync(params Action[] acts)
    {
        foreach (Action act in acts)
            act();
        return Task.CompletedTask;
    }
}
