using Rabbit.Faults.Checks;
using Rabbit.Faults.Load;
using Rabbit.Tests.Support;

namespace Rabbit.Faults.Rows;

/// <summary>The disk of the database is full for a while: PostgreSQL's, and then that of SQLite and the journal.</summary>
internal sealed class DiskFull : FaultRow
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    public override string Name => "disk-full";

    public override string Fault => "the database's disk is full: PostgreSQL's, and the data directory's";

    public override async Task RunAsync(RowRun run)
    {
        await using (PrivateServer postgres = await PrivateServer.MakePostgresAsync("200m"))
        {
            await postgres.StartAsync();
            await FillAsync(run, await Installation.CreateAsync(postgres.PostgresConnection, TestServers.Redis), postgres.SmallDisk);
        }
        Installation alone = await Installation.CreateAsync(Engine.Sqlite);
        await using (await SmallDisk.MountAsync(alone.Data, "64m"))
            await FillAsync(run, alone, alone.Data);
    }

    private static async Task FillAsync(RowRun run, Installation installation, string disk)
    {
        run.Rounds++;
        await using var world = new World(installation, run.History);
        await world.StartServerAsync([], ("RABBIT_HEARTBEAT_INTERVAL", "00:00:01"));
        await world.AddUsualTunnelsAsync();
        Footprint baseline = Footprint.Of(world.Server.Process);
        await using (var load = new VisitorLoad(world, run.Seed))
        {
            await run.PauseAsync(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));
            string filler = Path.Combine(disk, "filler");
            run.History.Add("nemesis", "fills the disk");
            await FillAsync(filler);
            await Afterwards.ExpectAsync(run, () => Eventually.BecomesAsync(() => StoresFail.HealthAsync(world.Server), health => health != "healthy", Soon, "health is red"));
            // The log goes on writing what it can: the last gap is closed again and again.
            for (long began = TimeProvider.System.GetTimestamp(); TimeProvider.System.GetElapsedTime(began) < run.Choose(TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(3));)
            {
                await Task.Delay(500);
                await FillAsync(filler);
            }
            File.Delete(filler);
            TimeSpan mended = run.History.Add("nemesis", "the disk has room");
            await Afterwards.ExpectAsync(run, () => Eventually.BecomesAsync(() => StoresFail.HealthAsync(world.Server), health => health == "healthy", Soon, "the server is healthy again"));
            run.Within("healthy again", run.History.Now - mended, Soon);
            await load.StopAsync();
        }
        await Afterwards.CheckAsync(run, world, baseline);
    }

    private static async Task FillAsync(string file)
    {
        byte[] zeros = new byte[64 * 1024];
        await using var stream = new FileStream(file, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        foreach (int piece in (int[])[zeros.Length, 4096, 1])
        {
            try
            {
                while (true)
                    await stream.WriteAsync(zeros.AsMemory(0, piece));
            }
            catch (IOException)
            {
                // Full, but for less than this.
            }
        }
    }
}
