using Microsoft.Extensions.Logging;
using Rabbit.Client.Status;
using Rabbit.Client.Trust;

namespace Rabbit.Client.Tunnels;

/// <summary>The tunnels of this program. One caller at a time.</summary>
internal sealed class TunnelSet(KnownServers known, TunnelList list, TimeProvider time, ILoggerFactory loggers) : IAsyncDisposable
{
    private List<RunningTunnel> _running = [];

    /// <summary>
    /// Makes it these. A tunnel that is wanted as it is stays as it is, visitors and all; one that is no longer wanted, or wanted
    /// otherwise, ends; one that has failed is tried again.
    /// </summary>
    /// <exception cref="FormatException">A file that a tunnel needs cannot be used; nothing was changed.</exception>
    public async Task<IReadOnlyList<RunningTunnel>> ApplyAsync(IReadOnlyList<TunnelDefinition> wanted)
    {
        Dictionary<TunnelDefinition, RunningTunnel> kept = _running.Where(tunnel => !tunnel.Completion.IsCompleted).ToDictionary(tunnel => tunnel.Definition);
        List<RunningTunnel> next = [.. wanted.Select(definition => kept.GetValueOrDefault(definition) ?? new RunningTunnel(definition, known, time, loggers))];
        List<RunningTunnel> ending = [.. _running.Except(next)];
        List<RunningTunnel> beginning = [.. next.Except(_running)];
        // The old first: a tunnel whose settings have changed has the same token before and after.
        await EndAsync(ending);
        _running = next;
        list.Become(next.Select(tunnel => tunnel.Status));
        foreach (RunningTunnel tunnel in beginning)
            tunnel.Start();
        return next;
    }

    /// <summary>Ends them all.</summary>
    public ValueTask DisposeAsync() => new(EndAsync(_running));

    private static Task EndAsync(IEnumerable<RunningTunnel> tunnels) => Task.WhenAll(tunnels.Select(tunnel => tunnel.DisposeAsync().AsTask()));
}
