using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Rabbit.Protocol.Transport;
using Rabbit.Tunneling.ControlPort;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.State;
using Rabbit.Tunneling.Telemetry;

namespace Rabbit.Tunneling.Cluster;

/// <summary>
/// Makes the sessions of tunnels that other nodes own, and has what they share. One whose owner is lost is taken out of its tunnel at once;
/// where the directory goes on naming that owner, it is tried again until it does not.
/// </summary>
internal sealed partial class RemoteSessions(
    TunnelRegistry registry, ITunnelDirectory directory, TunnelFollower follower, NodeLinks links, NodeDialer dialer, KnownAddresses known, ClusterMetrics metrics,
    IOptions<TunnelingOptions> options, TimeProvider time, ILogger<RemoteSessions> logger) : BackgroundService, IRemoteSessions
{
    private const int DialsAtOnce = 64;
    private const int MostRemembered = 100_000;
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(0.25);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ForgottenAfter = TimeSpan.FromMinutes(1);

    // Visitors wait for the owner's successor, and not for an owner that is lost time and again.
    private const int PatientTimes = 3;

    private readonly SemaphoreSlim _dials = new(DialsAtOnce);
    private readonly ConcurrentDictionary<Tunnel, bool> _returning = new();
    private readonly ConcurrentDictionary<string, Loss> _losses = new(StringComparer.Ordinal);
    private readonly OncePerSecond _directLogged = new(time);
    private readonly CancellationTokenSource _stop = new();

    /// <summary>The settings.</summary>
    public TunnelingOptions Options => options.Value;

    /// <summary>The clock.</summary>
    public TimeProvider Time => time;

    /// <summary>Who owns what.</summary>
    public ITunnelDirectory Directory => directory;

    /// <summary>Where data channels find their session.</summary>
    public TunnelRegistry Registry => registry;

    /// <summary>The links to owners.</summary>
    public NodeLinks Links => links;

    /// <summary>Addresses whose connections are welcome in numbers.</summary>
    public KnownAddresses Known => known;

    /// <summary>Counts visitors.</summary>
    public ClusterMetrics Metrics => metrics;

    /// <inheritdoc/>
    public RemoteSession Create(Tunnel tunnel, TunnelRoute route)
    {
        var record = new SessionRecord(
            route.SessionId, route.TokenId, route.Port, route.Epoch, SessionProtocol.Native, "", "", "", 0, route.Node, time.GetUtcNow());
        // The lease may come a moment after the route; without one the first visitor finds the owner lost, and is patient.
        ClusterNode owner = directory.Nodes.FirstOrDefault(node => node.Run == route.Run)
            ?? new ClusterNode(route.Node, route.Run, "", "", "", "", default, 0, 0, IsDraining: false);
        return new ForwardingSession(tunnel, record, route, owner, this);
    }

    /// <summary>A connection to a node for one visitor.</summary>
    /// <exception cref="IOException">The node cannot be reached.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<RelayEnd> DialAsync(ClusterNode owner, CancellationToken cancellationToken)
    {
        await _dials.WaitAsync(cancellationToken);
        try
        {
            return await dialer.DialAsync(owner, options.Value.HandshakeTimeout, cancellationToken);
        }
        finally
        {
            _dials.Release();
        }
    }

    /// <summary>The session's owner is gone, or is the owner no more: the session ends at once. Returns at once.</summary>
    public void Lost(ForwardingSession session, string why)
    {
        // Never on the stack of who holds a lock, or of the pool.
        ThreadPool.UnsafeQueueUserWorkItem(_ => Lose(session, why), null);
    }

    /// <summary>A client's data channels do not come here; the owner forwards.</summary>
    public void TellDirectFailed(TunnelRoute route, ClusterNode owner, string why)
    {
        if (_directLogged.TryPass())
            LogDirectRefused(route.Port, owner.Name, why);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!directory.IsShared)
            return;
        using var timer = new PeriodicTimer(options.Value.HeartbeatInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                foreach (Tunnel tunnel in registry.Tunnels)
                {
                    if (tunnel.Session is RemoteSession session)
                        await session.SweepAsync();
                }
                if (_losses.Count > MostRemembered)
                    _losses.Clear();
            }
        }
        finally
        {
            await _stop.CancelAsync();
        }
    }

    private void Lose(ForwardingSession session, string why)
    {
        Tunnel tunnel = session.Tunnel;
        if (tunnel.Session != session)
            return;
        TunnelRoute route = session.Route;
        long now = time.GetTimestamp();
        Loss loss = _losses.AddOrUpdate(
            route.TokenId, _ => new Loss(route.Epoch, now, 1),
            (_, before) => new Loss(route.Epoch, now, before.Epoch == route.Epoch && time.GetElapsedTime(before.At, now) < ForgottenAfter ? before.Times + 1 : 1));
        if (loss.Times == 1)
            LogLost(route.Port, route.Node, why);
        tunnel.Lose($"node {route.Node}: {why}", session, expectsAnother: loss.Times <= PatientTimes);
        if (_returning.TryAdd(tunnel, true))
            _ = FollowAgainAsync(tunnel, loss.Times);
    }

    /// <summary>Follows whoever the directory names; the owner that was lost only after a pause that grows with the number of losses.</summary>
    private async Task FollowAgainAsync(Tunnel tunnel, int times)
    {
        try
        {
            string tokenId = tunnel.Token.TokenId;
            TimeSpan pause = FirstRetry * Math.Pow(2, Math.Min(times - 1, 10));
            while (tunnel.Session is null && !tunnel.Port.IsStopped)
            {
                if (directory.Find(tokenId) is not { } route)
                    return; // Whoever comes next is followed by the watch of the routes.
                if (_losses.TryGetValue(tokenId, out Loss loss) && loss.Epoch == route.Epoch)
                {
                    await Task.Delay(pause < LongestRetry ? pause : LongestRetry, time, _stop.Token);
                    pause *= 2;
                    if (route.Run == directory.Self.Run || directory.Find(tokenId) != route)
                        continue;
                    if (directory.Nodes.FirstOrDefault(node => node.Run == route.Run) is not { } owner || links.To(owner) is not { } link || !await link.Connected)
                        continue;
                }
                await follower.FollowAsync(tunnel);
            }
        }
        catch (OperationCanceledException)
        {
            // This node stops.
        }
        catch (Exception e)
        {
            LogFollowFailed(e, tunnel.Port.Number);
        }
        finally
        {
            _returning.TryRemove(tunnel, out _);
        }
    }

    [LoggerMessage(EventIds.OwnerLost, LogLevel.Warning, "Visitors of port {Port} wait for its client: node {Node}, where it was connected, is lost ({Reason})")]
    private partial void LogLost(int port, string node, string reason);

    [LoggerMessage(EventIds.OwnerUnreachable, LogLevel.Error, "The owner of port {Port} could not be followed again")]
    private partial void LogFollowFailed(Exception exception, int port);

    [LoggerMessage(EventIds.DirectRefused, LogLevel.Information, "The client of port {Port} opens no data channels to this node, so that node {Node} forwards its visitors: {Reason}")]
    private partial void LogDirectRefused(int port, string node, string reason);

    private readonly record struct Loss(long Epoch, long At, int Times);
}
