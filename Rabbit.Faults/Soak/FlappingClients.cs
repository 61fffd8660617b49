using Rabbit.Faults.History;
using Rabbit.Faults.Load;
using Rabbit.Tests.Support;

namespace Rabbit.Faults.Soak;

/// <summary>Clients that come and go: killed, stopped in order, or superseded by another, every few seconds.</summary>
internal sealed class FlappingClients : IAsyncDisposable
{
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(20);

    private readonly RunHistory _history;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _flapping;

    public FlappingClients(IEnumerable<LoadTunnel> tunnels, int seed, RunHistory history)
    {
        _history = history;
        _flapping = Task.WhenAll(tunnels.Select((tunnel, index) => FlapAsync(tunnel, new Random(seed + index))));
    }

    /// <summary>How often a client has gone so far.</summary>
    public int Count { get; private set; }

    /// <summary>All clients are there when it returns.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _flapping;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task FlapAsync(LoadTunnel tunnel, Random random)
    {
        while (!_stop.IsCancellationRequested)
        {
            await Task.Delay(TimeSpan.FromSeconds(1 + (6 * random.NextDouble())), _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            TimeSpan from = _history.Now;
            Count++;
            switch (random.Next(3))
            {
                case 0:
                    await tunnel.KillClientAsync();
                    break;
                case 1:
                    _history.Add("nemesis", $"SIGTERM client of {tunnel.Port}");
                    await using (TunnelClientProcess leaving = tunnel.TakeClient())
                    {
                        leaving.Process.Send(Signal.Term);
                        await leaving.Process.WaitForExitAsync(StopTimeout);
                    }
                    break;
                default:
                    _history.Add("nemesis", $"supersedes client of {tunnel.Port}");
                    await using (tunnel.TakeClient())
                    {
                        await tunnel.ConnectAsync();
                    }
                    _history.AddWindow(from, tunnel.Port);
                    continue;
            }
            await tunnel.ConnectAsync();
            _history.AddWindow(from, tunnel.Port);
        }
    }
}
