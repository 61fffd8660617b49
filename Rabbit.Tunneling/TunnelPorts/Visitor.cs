using Rabbit.Protocol.Relay;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.State;
using Rabbit.Tunneling.Transport;

namespace Rabbit.Tunneling.TunnelPorts;

/// <summary>A connection on a tunnel port, and its row in the connection log: written when it is served, replaced when it has gone.</summary>
internal sealed class Visitor(Tunnel tunnel, IncomingConnection incoming, IConnectionLog log, TimeProvider time)
{
    private static ulong _lastNumber;

    private readonly long _startedTimestamp = time.GetTimestamp();
    private readonly DateTimeOffset _startedAt = time.GetUtcNow();
    private readonly Guid _id = Guid.CreateVersion7(time.GetUtcNow());

    /// <summary>The tunnel that it wants.</summary>
    public Tunnel Tunnel => tunnel;

    /// <summary>Its connection.</summary>
    public IncomingConnection Incoming => incoming;

    /// <summary>Number within the server's life, for logs on both sides.</summary>
    public ulong Number { get; } = Interlocked.Increment(ref _lastNumber);

    /// <summary>Bytes carried: A is the visitor, B the service.</summary>
    public RelayCounters Counters { get; } = new();

    /// <summary>Bytes of an answer that the server itself made.</summary>
    public long BytesAnswered { get; set; }

    /// <summary>The session that serves it, or null.</summary>
    public TunnelSession? Session { get; set; }

    /// <summary>Writes how it stands or ended to the log; returns at once.</summary>
    public void Record(ConnectionStatus status, string reason) => log.Record(new ConnectionLogEntry(
        _id, tunnel.Token.TeamId, tunnel.Token.TokenId, Session?.Record.SessionId, tunnel.Port.Number,
        incoming.Remote.Address.ToString(), incoming.Remote.Port, _startedAt, time.GetElapsedTime(_startedTimestamp), Counters.AToB, Counters.BToA + BytesAnswered,
        status, reason));
}
