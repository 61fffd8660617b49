using Rabbit.Protocol.Relay;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.State;
using Rabbit.Tunneling.Transport;

namespace Rabbit.Tunneling.TunnelPorts;

/// <summary>A connection on a tunnel port, and its row in the connection log: one when it comes, replaced when it has gone.</summary>
internal sealed class Visitor
{
    private readonly IConnectionLog _log;
    private readonly TimeProvider _time;
    private readonly Tunnel _tunnel;
    private readonly Guid _id;
    private readonly DateTimeOffset _startedAt;
    private readonly long _startedTimestamp;

    public Visitor(Tunnel tunnel, IncomingConnection incoming, ulong number, IConnectionLog log, TimeProvider time)
    {
        _tunnel = tunnel;
        _log = log;
        _time = time;
        _startedAt = time.GetUtcNow();
        _startedTimestamp = time.GetTimestamp();
        _id = Guid.CreateVersion7(_startedAt);
        Incoming = incoming;
        Number = number;
    }

    /// <summary>Its connection.</summary>
    public IncomingConnection Incoming { get; }

    /// <summary>Number within the server's life, for logs on both sides.</summary>
    public ulong Number { get; }

    /// <summary>Bytes carried: A is the visitor, B the service.</summary>
    public RelayCounters Counters { get; } = new();

    /// <summary>Bytes of an answer that the server itself made.</summary>
    public long BytesAnswered { get; set; }

    /// <summary>The session that serves it, or null.</summary>
    public TunnelSession? Session { get; set; }

    /// <summary>Writes how it stands or ended to the log; returns at once.</summary>
    public void Record(ConnectionStatus status, string reason = "") => _log.Record(new ConnectionLogEntry(
        _id, _tunnel.Token.TokenId, Session?.Record.SessionId, _tunnel.Port.Number, Incoming.Remote.Address.ToString(),
        Incoming.Remote.Port, _startedAt, _time.GetElapsedTime(_startedTimestamp), Counters.AToB, Counters.BToA + BytesAnswered,
        status, reason));
}
