using Rabbit.Faults.History;

namespace Rabbit.Faults.Load;

/// <summary>
/// Visitors of all kinds who come to all tunnels again and again until they are stopped: brief ones, streams of some seconds, idle ones,
/// and, where the service speaks first, ones who wait for it.
/// </summary>
internal sealed class VisitorLoad : IAsyncDisposable
{
    private const int BriefLoops = 2;
    private const int MaximumBrief = 20_000;

    // How fast is not asked here: silence for so long is no slow machine.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly RunHistory _history;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _ask = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<Task> _loops = [];
    private readonly TimeSpan _pause;

    /// <param name="world">Whose tunnels are visited.</param>
    /// <param name="seed">Of sizes and pauses.</param>
    /// <param name="pause">Mean time between two brief visits of one loop.</param>
    public VisitorLoad(World world, int seed, TimeSpan? pause = null)
    {
        _history = world.History;
        _pause = pause ?? TimeSpan.FromMilliseconds(80);
        foreach (LoadTunnel tunnel in world.Tunnels)
        {
            for (int i = 0; i < BriefLoops; i++)
                _loops.Add(LoopAsync(new Random(seed++), random => BriefAsync(tunnel, random)));
            if (tunnel.Service.SpeaksFirst)
                continue;
            _loops.Add(LoopAsync(new Random(seed++), random => StreamAsync(tunnel, random)));
            _loops.Add(LoopAsync(new Random(seed++), random => IdleAsync(tunnel, random)));
        }
    }

    /// <summary>Lets no more visitors come, and waits until those who are there have been served.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        _ask.TrySetResult();
        await Task.WhenAll(_loops);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task LoopAsync(Random random, Func<Random, Task<Visit>> visit)
    {
        while (!_stop.IsCancellationRequested)
        {
            await visit(random);
            await Task.Delay(_pause * 2 * random.NextDouble(), _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private Task<Visit> BriefAsync(LoadTunnel tunnel, Random random) => new Visitor(tunnel, _history).AskAsync(random.Next(1, MaximumBrief), Patience);

    private Task<Visit> StreamAsync(LoadTunnel tunnel, Random random) => new Visitor(tunnel, _history).StreamAsync(
        random.Next(50_000, 1_000_000), TimeSpan.FromMilliseconds(random.Next(5, 50)), Patience * 2);

    private Task<Visit> IdleAsync(LoadTunnel tunnel, Random random) => new Visitor(tunnel, _history).IdleAsync(
        random.Next(1, 1000), Patience * 2, Task.WhenAny(_ask.Task, Task.Delay(TimeSpan.FromSeconds(random.Next(1, 8)))));
}
