using System.Diagnostics;
using Rabbit.Protocol.Relay;
using Rabbit.Protocol.Transport;
using Rabbit.Tunneling.Events;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.State;
using Rabbit.Tunneling.Telemetry;
using Rabbit.Tunneling.Transport;

namespace Rabbit.Tunneling.TunnelPorts;

/// <summary>
/// A connection on a tunnel port, and its row in the connection log: written when it is served, brought up to date while it
/// lives, and replaced when it has gone.
/// </summary>
internal sealed class Visitor(
    Tunnel tunnel, IncomingConnection incoming, OpenVisitors open, IConnectionLog log, TunnelingMetrics metrics, TimeProvider time)
{
    private static ulong _lastNumber;

    private readonly Lock _recording = new();
    private readonly long _startedTimestamp = time.GetTimestamp();
    private readonly DateTimeOffset _startedAt = time.GetUtcNow();
    private readonly Guid _id = Guid.CreateVersion7(time.GetUtcNow());
    private readonly RelayEnd _end = incoming.Transport.End;
    private bool _isRecorded;
    private bool _isOpen;
    private ConnectionStatus _status;
    private string _reason = "";
    private TimeSpan _duration;
    private long _fromVisitorRecorded;
    private long _toVisitorRecorded;

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

    /// <summary>Its place among those who wait for the client, or null; <see cref="WaitingVisitors"/> sets it.</summary>
    public WaitingPlace? Place { get; set; }

    /// <summary>How much longer it waits for an absent client: what its token says, counted from its arrival. Negative or zero when not at all.</summary>
    public TimeSpan HoldLeft
    {
        get
        {
            TimeSpan own = tunnel.Token.Rules.Hold - time.GetElapsedTime(_startedTimestamp);
            return own > tunnel.Absence.ExpectedFor ? own : tunnel.Absence.ExpectedFor;
        }
    }

    /// <summary>True when it is its turn, should the client be there.</summary>
    public bool IsNext => Place is { } place ? place.Released.IsCancellationRequested : tunnel.Line.Count == 0;

    /// <summary>True when it is to wait for the client, or behind those who do.</summary>
    public bool Waits => Place is not null || tunnel.Line.Count > 0 || HoldLeft > TimeSpan.Zero;

    /// <summary>Its span, from when it is known to be a visitor; null where none is recorded.</summary>
    public Activity? Span { get; private set; }

    /// <summary>True once it was sent away because its network is not allowed any more.</summary>
    public bool IsExpelled { get; private set; }

    /// <summary>Sends it away with a reset; any thread may call this.</summary>
    public void Expel()
    {
        IsExpelled = true;
        _end.Abort();
    }

    /// <summary>The visitor as it stands now.</summary>
    public VisitorSnapshot Snapshot() => new(
        Number, incoming.Remote.ToString(), _startedAt, Counters.AToB, Counters.BToA + BytesAnswered, IsServed: Volatile.Read(ref _isOpen));

    /// <summary>It is a visitor, and no client that comes back; again is the same as once.</summary>
    public void BeginSpan() => Span ??= TunnelingTraces.StartVisitor(_startedAt);

    /// <summary>Writes how it stands or ended to the log; returns at once.</summary>
    public void Record(ConnectionStatus status, string reason)
    {
        BeginSpan();
        lock (_recording)
        {
            if (!_isRecorded)
                tunnel.Port.Visitors.Count();
            _isRecorded = true;
            if (_isOpen != (status == ConnectionStatus.Active))
                tunnel.Port.Visitors.CountActive(isServed: !_isOpen);
            _isOpen = status == ConnectionStatus.Active;
            if (IsExpelled && !_isOpen)
                (status, reason) = (ConnectionStatus.Refused, "network no longer allowed");
            Write(status, reason);
        }
        if (status == ConnectionStatus.Active)
            open.Add(this);
        else
            open.Remove(this);
        if (tunnel.Events.HasListeners)
        {
            tunnel.Events.Publish(new TunnelEvent(
                status == ConnectionStatus.Active ? TunnelEventTypes.VisitorOpened : TunnelEventTypes.VisitorClosed, time.GetUtcNow(),
                tunnel.Token.TeamId, tunnel.Token.TokenId, tunnel.Port.Number, Session?.Record.SessionId,
                status == ConnectionStatus.Active ? incoming.Remote.ToString() : $"{incoming.Remote} {status.ToString().ToLowerInvariant()}"));
        }
    }

    /// <summary>Writes how many bytes an open connection has carried, if any since the last time; returns at once.</summary>
    public void RecordProgress()
    {
        lock (_recording)
        {
            // Never behind the entry that says how it ended.
            if (_isOpen && (Counters.AToB != _fromVisitorRecorded || Counters.BToA + BytesAnswered != _toVisitorRecorded))
                Write(ConnectionStatus.Active, "");
        }
    }

    /// <summary>It has gone: counts it as it was last recorded, which may have been more than once. Called once, at the end.</summary>
    public void Leave()
    {
        tunnel.Port.Visitors.Leave(this);
        if (_isOpen)
            Record(ConnectionStatus.Error, "failed in the server"); // A bug of ours must not leave its row open.
        // A client that came back to its port is no visitor.
        if (_isRecorded)
            metrics.VisitorLeft(_status, _duration);
        EndSpan();
    }

    private void EndSpan()
    {
        if (Span is { IsAllDataRequested: true } span)
        {
            span.SetTag("rabbit.visitor.outcome", TunnelingMetrics.TextOf(_status));
            span.SetTag("rabbit.visitor.received", _fromVisitorRecorded);
            span.SetTag("rabbit.visitor.transmitted", _toVisitorRecorded);
            span.SetTag("rabbit.tunnel.port", tunnel.Port.Number);
            span.SetTag("rabbit.team.id", tunnel.Token.TeamId);
            span.SetTag("rabbit.session.id", Session?.Record.SessionId.ToString());
            span.SetTag("network.peer.address", incoming.Remote.Address.ToString());
            span.SetTag("network.peer.port", incoming.Remote.Port);
            if (_status != ConnectionStatus.Closed)
            {
                span.SetTag("error.type", TunnelingMetrics.TextOf(_status));
                span.SetStatus(ActivityStatusCode.Error, _reason);
            }
        }
        Span?.Dispose();
    }

    private void Write(ConnectionStatus status, string reason)
    {
        var (fromVisitor, toVisitor) = (Counters.AToB, Counters.BToA + BytesAnswered);
        tunnel.Port.Visitors.Add(fromVisitor - _fromVisitorRecorded, toVisitor - _toVisitorRecorded);
        metrics.Carried(fromVisitor - _fromVisitorRecorded, toVisitor - _toVisitorRecorded);
        (_fromVisitorRecorded, _toVisitorRecorded) = (fromVisitor, toVisitor);
        (_status, _reason, _duration) = (status, reason, time.GetElapsedTime(_startedTimestamp));
        log.Record(new ConnectionLogEntry(
            _id, tunnel.Token.TeamId, tunnel.Token.TokenId, Session?.Record.SessionId, tunnel.Port.Number,
            incoming.Remote.Address.ToString(), incoming.Remote.Port, _startedAt, _duration, fromVisitor, toVisitor, status, reason));
    }
}
