using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Rabbit.Tunneling.ControlPort;
using Rabbit.Tunneling.Sessions;

namespace Rabbit.Tunneling.Cluster;

/// <summary>
/// Moves this node's clients to the others while it goes on serving visitors (docs/clustering.md, "A node that leaves"): it takes no more clients,
/// names each of its own another node, the least loaded first, and closes the control port when they have left. Visitors that come meanwhile
/// wait for the client's next node, and go there. Any thread may call.
/// </summary>
public sealed partial class NodeDrain
{
    // As for a successor: what the others can take in with one database.
    private const int MovedPerSecond = TunnelRegistry.MovedPerSecond;
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(50);

    // A load balancer that asks the control port every second has seen by then that it is closed, and sends visitors elsewhere.
    private static readonly TimeSpan Notice = TimeSpan.FromSeconds(3);

    private readonly ITunnelDirectory _directory;
    private readonly NodeState _state;
    private readonly TunnelRegistry _registry;
    private readonly StandbyClients _standbys;
    private readonly ControlPortListener _controlPort;
    private readonly TunnelingOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<NodeDrain> _logger;
    private readonly Lock _lock = new();
    private Task? _moving;

    internal NodeDrain(
        ITunnelDirectory directory, NodeState state, TunnelRegistry registry, StandbyClients standbys, ControlPortListener controlPort,
        IOptions<TunnelingOptions> options, TimeProvider time, ILogger<NodeDrain> logger)
    {
        _directory = directory;
        _state = state;
        _registry = registry;
        _standbys = standbys;
        _controlPort = controlPort;
        _options = options.Value;
        _time = time;
        _logger = logger;
    }

    /// <summary>True when another live node can take clients.</summary>
    public bool HasTargets => Targets().Any();

    /// <summary>Begins, once; returns at once.</summary>
    public void Begin() => _ = BeginAsync();

    /// <summary>
    /// Begins, once. Completes when the clients have left, or a third of the time for streams is over, and load balancers have had the time to
    /// notice. At once where there is nobody who could take them.
    /// </summary>
    internal Task BeginAsync()
    {
        lock (_lock)
            return _moving ??= HasTargets ? MoveAsync() : Task.CompletedTask;
    }

    private IEnumerable<ClusterNode> Targets() =>
        _directory.IsShared ? _directory.Nodes.Where(node => node.Name != _directory.Self.Name && !node.IsDraining) : [];

    private async Task MoveAsync()
    {
        TimeSpan limit = _options.DrainLimit / 3;
        _state.IsDraining = true;
        _directory.Announce();
        LogDraining(_options.Node);
        var left = new List<Task>();
        try
        {
            using var over = new CancellationTokenSource(limit, _time);
            _standbys.Close(Goodbyes.Draining(""));
            _registry.TakeNoMoreClients();
            await SendAwayAsync(left, over.Token);
            await Task.WhenAll(left).WaitAsync(over.Token);
        }
        catch (OperationCanceledException)
        {
            // Who has not left by now is sent away with the rest.
        }
        await _controlPort.UnbindAsync();
        int gone = left.Count(task => task.IsCompleted);
        LogMoved(gone);
        await Task.Delay(Notice < limit ? Notice : limit, _time);
    }

    // Rounds, since a login that was under way may come after the first.
    private async Task SendAwayAsync(List<Task> left, CancellationToken cancellationToken)
    {
        var hosts = new LeastLoaded(Targets());
        int most = Math.Max(1, (int)(MovedPerSecond * Step.TotalSeconds));
        while (true)
        {
            Tunnel[] next = [.. _registry.Tunnels.Where(tunnel => tunnel.Session is not null and not RemoteSession).Take(most)];
            if (next.Length == 0)
                return;
            foreach (Tunnel tunnel in next)
            {
                if (tunnel.SendAway(Goodbyes.Draining(hosts.Next())) is { } session)
                    left.Add(session.Left);
            }
            await Task.Delay(Step, _time, cancellationToken);
        }
    }

    [LoggerMessage(EventIds.NodeDraining, LogLevel.Information, "Node {Node} is draining: its clients go to the other nodes")]
    private partial void LogDraining(string node);

    [LoggerMessage(EventIds.NodeDrained, LogLevel.Information, "{Count} clients have gone to the other nodes; the control port is closed, visitors are still served")]
    private partial void LogMoved(int count);
}
