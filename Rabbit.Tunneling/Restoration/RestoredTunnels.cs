using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging;
using Rabbit.Tunneling.Cluster;
using Rabbit.Tunneling.ControlPort;
using Rabbit.Tunneling.Handover;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.State;

namespace Rabbit.Tunneling.Restoration;

/// <summary>The tunnels that were restored at the start: brings them up, and follows them until their clients are back.</summary>
public sealed partial class RestoredTunnels
{
    private readonly ConcurrentDictionary<int, Entry> _entries = new();
    private readonly TunnelRegistry _registry;
    private readonly TunnelFollower _follower;
    private readonly KnownAddresses _known;
    private readonly AcceptGate _gate;
    private readonly TunnelingOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<RestoredTunnels> _logger;

    internal RestoredTunnels(
        TunnelRegistry registry, TunnelFollower follower, KnownAddresses known, AcceptGate gate, TunnelingOptions options, TimeProvider time,
        ILogger<RestoredTunnels> logger)
    {
        _registry = registry;
        _follower = follower;
        _known = known;
        _gate = gate;
        _options = options;
        _time = time;
        _logger = logger;
    }

    /// <summary>
    /// Takes up a stored session: its port listens again, and waits for its client. A port that is busy is tried again in
    /// the background; the session is not lost for that. True when the port listens on return.
    /// </summary>
    public async Task<bool> RestoreSessionAsync(RestorableSession restorable)
    {
        Tunnel tunnel = _registry.GetOrAdd(restorable.Token);
        if (_entries.ContainsKey(tunnel.Port.Number))
            return tunnel.Port.IsBound; // By an earlier look at the same sessions.
        tunnel.Restore(restorable.Session);
        // Its client may be connected to another node all the while.
        await _follower.FollowAsync(tunnel);
        // Thousands may come back at once, from one address even: it is not to be held against them that this server knows nobody yet.
        if (IPEndPoint.TryParse(restorable.Session.ClientAddress, out IPEndPoint? client))
            _known.Expect(client.Address, restorable.Session.TokenId);
        _entries[tunnel.Port.Number] = new Entry(restorable.Session, tunnel, _time.GetUtcNow());
        if (!await tunnel.Port.TryBindAsync(restorable.WasConnected ? () => ClientIsBackAsync(tunnel) : null))
        {
            tunnel.TellPortBusy();
            tunnel.Port.RetryInBackground(() => LogListening(tunnel.Port.Number));
            return false;
        }
        LogListening(tunnel.Port.Number);
        return true;
    }

    /// <summary>The client of a restored tunnel is back: its session is active again, with this address.</summary>
    public void ReactivateRestoredTunnel(SessionRecord session)
    {
        if (_entries.TryGetValue(session.Port, out Entry? entry))
            _entries[session.Port] = entry with { Reconnected = session };
        LogReconnected(session.Port);
    }

    /// <summary>What restoration did for a port, or null when it did nothing there.</summary>
    public RestoredTunnelInfo? GetRestoredTunnelInfo(int port) => _entries.GetValueOrDefault(port)?.ToInfo();

    /// <summary>What restoration did for every port.</summary>
    public IReadOnlyCollection<RestoredTunnelInfo> List() => [.. _entries.Values.Select(entry => entry.ToInfo())];

    private async Task ClientIsBackAsync(Tunnel tunnel)
    {
        await _gate.Opened;
        TimeSpan limit = _options.ClientReturnTime + TimeSpan.FromSeconds(_entries.Count / TunnelRegistry.MovedPerSecond);
        tunnel.Absence.Expect(limit);
        await Task.Delay(limit, _time, tunnel.Absence.BecameLive).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void LogListening(int port)
    {
        LogRestored(port, sessions: 1);
        LogWaiting(port);
    }

    [LoggerMessage(EventIds.RestoredListener, LogLevel.Information, "Restored tunnel listener on port {Port} (sessions: {Sessions})")]
    private partial void LogRestored(int port, int sessions);

    [LoggerMessage(EventIds.ListeningForReconnection, LogLevel.Information, "Listening for tunnel client reconnections on restored port {Port}")]
    private partial void LogWaiting(int port);

    [LoggerMessage(EventIds.ClientReconnected, LogLevel.Information, "Tunnel client reconnected to restored port {Port}")]
    private partial void LogReconnected(int port);

    private sealed record Entry(SessionRecord Restored, Tunnel Tunnel, DateTimeOffset At)
    {
        public SessionRecord? Reconnected { get; init; }

        public RestoredTunnelInfo ToInfo() => new(
            Restored.Port, Tunnel.Token.TeamId, Restored.TokenId, Restored.SessionId, At, Tunnel.Port.IsBound, Tunnel.Port.BindError,
            Restored.ClientAddress, Reconnected?.ConnectedAt, Reconnected?.ClientAddress);
    }
}
