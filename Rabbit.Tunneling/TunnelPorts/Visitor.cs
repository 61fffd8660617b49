using Rabbit.Protocol.Relay;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.State;
using Rabbit.Tunneling.Transport;

namespace Rabbit.Tunneling.TunnelPorts;

/// <summary>
/// A connection on a tunnel port, and its row in the connection log: written when it is served, brought up to date while it
/// lives, and replaced when it has gone.
/// </summary>
internal sealed class Visitor(Tunnel tunnel, IncomingConnection incoming, OpenVisitors open, IConnectionLog log, TimeProvider time)
{
    private static ulong _lastNumber;

    private readonly Lock _recording = new();
    private readonly long _startedTimestamp = time.GetTimestamp();
    private readonly DateTimeOffset _startedAt = time.GetUtcNow();
    private readonly Guid _id = Guid.CreateVersion7(time.GetUtcNow());
    private bool _isOpen;
    private long _bytesRecorded;

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
    public void Record(ConnectionStatus status, string reason)
    {
        lock (_recording)
        {
            _isOpen = status == ConnectionStatus.Active;
            Write(status, reason);
        }
        if (status == ConnectionStatus.Active)
            open.Add(this);
        else
            open.Remove(this);
    }

    /// <summary>Writes how many bytes an open connection has carried, if any since the last time; returns at once.</summary>
    public void RecordProgress()
    {
        lock (_recording)
        {
            // Never behind the entry that says how it ended.
            if (_isOpen && Counters.AToB + Counters.BToA != _bytesRecorded)
                Write(ConnectionStatus.Active, "");
        }
    }

    private void Write(ConnectionStatus status, string reason)
    {
        var (fromVisitor, toVisitor) = (Counters.AToB, Counters.BToA);
        _bytesRecorded = fromVisitor + toVisitor;
        log.Record(new ConnectionLogEntry(
            _id, tunnel.Token.TeamId, tunnel.Token.TokenId, Session?.Record.SessionId, tunnel.Port.Number,
            incoming.Remote.Address.ToString(), incoming.Remote.Port, _startedAt, time.GetElapsedTime(_startedTimestamp), fromVisitor,
            toVisitor + BytesAnswered, status, reason));
    }
}
