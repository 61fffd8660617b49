using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Rabbit.Tests.Protocol.Transport;
using Rabbit.Tests.Telemetry;
using Rabbit.Tunneling.Events;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.State;
using Rabbit.Tunneling.Transport;
using Rabbit.Tunneling.TunnelPorts;

namespace Rabbit.Tests.Tunneling.TunnelPorts;

/// <summary>A tunnel port that is bound nowhere, and visitors of it from any address.</summary>
internal sealed class VisitorRig : IConnectionLog, IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly List<LoopbackPair> _pairs = [];
    private readonly ConcurrentDictionary<Guid, ConnectionLogEntry> _log = new();
    private readonly TunnelPort _port;
    private readonly Tunnel _tunnel;

    public VisitorRig()
    {
        _port = new TunnelPort(IPAddress.Loopback, 10000, null!, null!, null!, _time, NullLogger<TunnelPort>.Instance);
        var token = new TokenRecord("token", "team", "team", "token", new byte[32], 10000, ServiceKind.Other, null, null, 0);
        _tunnel = new Tunnel(
            token, _port, null!, null!, null!, null!, new TunnelEvents(_time), UnheardMetrics.OfTunneling(), new AbortSignal(), _time, NullLogger<Tunnel>.Instance);
        Open = new OpenVisitors(null!, _time);
    }

    public PortVisitors Visitors => _port.Visitors;

    public OpenVisitors Open { get; }

    /// <summary>The last entry of each visitor, as the connection log keeps it.</summary>
    public ICollection<ConnectionLogEntry> Log => _log.Values;

    /// <summary>A connection that says it is on behalf of this address.</summary>
    public async Task<IncomingConnection> ConnectAsync(IPAddress from)
    {
        LoopbackPair pair = await LoopbackPair.CreateAsync();
        _pairs.Add(pair);
        var incoming = IncomingConnection.Take(new SocketConnection(pair.Near));
        incoming.IsOnBehalfOf(new IPEndPoint(from, 1));
        return incoming;
    }

    public Visitor VisitorOf(IncomingConnection incoming) => new(_tunnel, incoming, Open, this, UnheardMetrics.OfTunneling(), _time);

    /// <inheritdoc/>
    public void Record(ConnectionLogEntry entry) => _log[entry.Id] = entry;

    public void Dispose()
    {
        _pairs.ForEach(pair => pair.Dispose());
        Open.Dispose();
        _port.Dispose();
    }
}
