using System.Globalization;
using Rabbit.Faults.Load;
using Rabbit.Faults.Rows;
using Rabbit.Tests.Support;

namespace Rabbit.Faults.Soak;

/// <summary>
/// Steady visitors and flapping clients for long: what the server holds must come back to what it was, and its heap must not grow.
/// </summary>
internal sealed class SoakRow(TimeSpan duration) : FaultRow
{
    private const double MegabytesPerHour = 1;

    // What a heap differs by from one look to the next without anything growing: caches, buffers that are pooled.
    private const double MegabytesOfNoise = 2;
    private const int DescriptorsOfNoise = 24;
    private const int ThreadsOfNoise = 8;
    private const int TimersOfNoise = 16;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Settles = TimeSpan.FromSeconds(40);

    public override string Name => "soak";

    public override string Fault => "flapping clients and steady visitors";

    public override async Task RunAsync(RowRun run)
    {
        await using var world = new World(await Installation.CreateAsync(Engine.PostgresAndRedis), run.History);
        await world.StartServerAsync([]);
        await world.AddUsualTunnelsAsync();
        await world.AddUsualTunnelsAsync();
        LoadTunnel[] flapping = [.. world.Tunnels.Skip(3)];

        // Everything has been done once, and compiled: what comes later does not count as growth.
        await LoadAsync(run, world, flapping, TimeSpan.FromTicks(Math.Min(duration.Ticks / 5, TimeSpan.FromMinutes(3).Ticks)), []);
        await Task.Delay(Settles);
        ServerSample baseline = await SampleAsync(run, world);
        var samples = new List<ServerSample>();
        await LoadAsync(run, world, flapping, duration, samples);
        await Task.Delay(Settles);
        ServerSample end = await SampleAsync(run, world);

        run.Note($"baseline {baseline}");
        run.Note($"end      {end}");
        run.Expect(end.Heap <= baseline.Heap + MegabytesOfNoise, string.Create(CultureInfo.InvariantCulture, $"The heap is at {end.Heap:0.00} MB; it was at {baseline.Heap:0.00} MB"));
        run.Expect(end.Descriptors <= baseline.Descriptors + DescriptorsOfNoise, $"{end.Descriptors} descriptors are open; it were {baseline.Descriptors}");
        run.Expect(end.Threads <= baseline.Threads + ThreadsOfNoise, $"There are {end.Threads} threads; it were {baseline.Threads}");
        run.Expect(end.Timers <= baseline.Timers + TimersOfNoise, $"There are {end.Timers} timers; it were {baseline.Timers}");
        CheckSlope(run, samples);
        await Afterwards.CheckAsync(run, world, baseline: null);
    }

    private static void CheckSlope(RowRun run, List<ServerSample> samples)
    {
        Slope slope = Slope.Of([.. samples.Select(sample => (sample.At, sample.Heap))]);
        run.Note($"heap under load: {samples.Min(sample => sample.Heap):0.00} to {samples.Max(sample => sample.Heap):0.00} MB, slope {slope}");
        run.Expect(slope.PerHour - slope.Error <= MegabytesPerHour, $"The heap grows: {slope}");
        if (slope.PerHour + slope.Error > MegabytesPerHour)
            run.Note($"this run was too short to tell {MegabytesPerHour} MB/h from none");
    }

    private static async Task LoadAsync(RowRun run, World world, LoadTunnel[] flapping, TimeSpan duration, List<ServerSample> samples)
    {
        TimeSpan until = run.History.Now + duration;
        await using var clients = new FlappingClients(flapping, run.Seed, run.History);
        await using var load = new VisitorLoad(world, run.Seed, TimeSpan.FromMilliseconds(150));
        using var timer = new PeriodicTimer(Interval);
        while (run.History.Now < until && await timer.WaitForNextTickAsync())
            samples.Add(await SampleAsync(run, world));
        await clients.StopAsync();
        await load.StopAsync();
        run.Rounds += clients.Count;
    }

    private static async Task<ServerSample> SampleAsync(RowRun run, World world)
    {
        ServerSample sample = await ServerSample.TakeAsync(world.Server, run.History.Now);
        run.History.Add("server", "sample", sample.ToString());
        return sample;
    }
}
