using System.Diagnostics.Metrics;
using Rabbit.Protocol.Messages;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.State;

namespace Rabbit.Tunneling.Telemetry;

/// <summary>
/// What is counted and timed where it happens; what can be looked up at any time is in <see cref="TunnelObservations"/>. The
/// names are documented in docs/telemetry.md. Recording allocates nothing, and does nothing while nobody listens.
/// </summary>
internal sealed class TunnelingMetrics
{
    private static readonly EnumAttribute<LoginKind> Kinds = new("rabbit.login.kind");
    private static readonly EnumAttribute<RejectCode> Codes = new("error.type");
    private static readonly EnumAttribute<SessionEnd> Ends = new("rabbit.session.end");
    private static readonly EnumAttribute<ConnectionStatus> Outcomes = new("rabbit.visitor.outcome");
    private static readonly EnumAttribute<WaitOutcome> Waits = new("rabbit.wait.outcome");
    private static readonly EnumAttribute<ChannelResult> Results = new("rabbit.channel.result");
    private static readonly KeyValuePair<string, object?> Receive = new(Direction, "receive");
    private static readonly KeyValuePair<string, object?> Transmit = new(Direction, "transmit");

    private static readonly InstrumentAdvice<double> ShortTimes = new()
    {
        HistogramBucketBoundaries = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    };

    private static readonly InstrumentAdvice<double> LongTimes = new()
    {
        HistogramBucketBoundaries = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 1800, 3600, 14400, 43200, 86400],
    };

    private readonly Counter<long> _logins;
    private readonly Counter<long> _rejections;
    private readonly Counter<long> _ends;
    private readonly Histogram<double> _heartbeats;
    private readonly Counter<long> _handshakeDrops;
    private readonly Counter<long> _visitors;
    private readonly Histogram<double> _visitorDurations;
    private readonly Counter<long> _visitorIo;
    private readonly Counter<long> _visitorWaits;
    private readonly Histogram<double> _channelWaits;

    public TunnelingMetrics(IMeterFactory meters)
    {
        Meter meter = meters.Create(TunnelingTelemetry.MeterName);
        _logins = meter.CreateCounter<long>("rabbit.session.logins", "{login}", "Accepted logins of tunnel clients.");
        _rejections = meter.CreateCounter<long>("rabbit.session.rejections", "{login}", "Rejected logins of tunnel clients.");
        _ends = meter.CreateCounter<long>("rabbit.session.ends", "{session}", "Sessions whose control channel has ended, by reason.");
        _heartbeats = meter.CreateHistogram("rabbit.session.heartbeat.duration", "s", "Round trips of heartbeats.", null, ShortTimes);
        _handshakeDrops = meter.CreateCounter<long>(
            "rabbit.handshake.drops", "{connection}", "Connections dropped because too many had not authenticated.");
        _visitors = meter.CreateCounter<long>("rabbit.visitors", "{visitor}", "Visitors that have gone, by outcome.");
        _visitorDurations = meter.CreateHistogram("rabbit.visitor.duration", "s", "Time that visitors stayed.", null, LongTimes);
        _visitorIo = meter.CreateCounter<long>(
            "rabbit.visitor.io", "By", "Bytes received from visitors and transmitted to them, at most a second old.");
        _visitorWaits = meter.CreateCounter<long>(
            "rabbit.visitor.waits", "{visitor}", "Visitors that have waited for an absent client, by what became of that.");
        _channelWaits = meter.CreateHistogram(
            "rabbit.channel.wait.duration", "s", "Time until a visitor has a data channel.", null, ShortTimes);
    }

    /// <summary>The attribute that says which way bytes went.</summary>
    internal const string Direction = "network.io.direction";

    /// <summary>True when somebody wants to know how long visitors wait for channels.</summary>
    public bool TimesChannels => _channelWaits.Enabled;

    /// <summary>The text of a login's kind.</summary>
    public static string TextOf(LoginKind kind) => Kinds.TextOf(kind);

    /// <summary>The text of a rejection's code.</summary>
    public static string TextOf(RejectCode code) => Codes.TextOf(code);

    /// <summary>The text of a visitor's outcome.</summary>
    public static string TextOf(ConnectionStatus status) => Outcomes.TextOf(status);

    /// <summary>
    /// Shows every counter with 0, once somebody listens: of a series that begins with its first event, Prometheus does not see that event.
    /// </summary>
    public void Announce()
    {
        Kinds.AddNothing(_logins);
        Codes.AddNothing(_rejections);
        Ends.AddNothing(_ends);
        Waits.AddNothing(_visitorWaits);
        foreach (ConnectionStatus outcome in Enum.GetValues<ConnectionStatus>().Where(status => status != ConnectionStatus.Active))
            _visitors.Add(0, Outcomes[outcome]);
        _visitorIo.Add(0, Receive);
        _visitorIo.Add(0, Transmit);
        _handshakeDrops.Add(0);
    }

    public void LoggedIn(LoginKind kind) => _logins.Add(1, Kinds[kind]);

    public void Rejected(RejectCode code) => _rejections.Add(1, Codes[code]);

    public void SessionEnded(SessionEnd end) => _ends.Add(1, Ends[end]);

    public void HeartbeatAnswered(TimeSpan roundTrip) => _heartbeats.Record(roundTrip.TotalSeconds);

    public void HandshakeDropped() => _handshakeDrops.Add(1);

    public void ChannelTaken(ChannelResult result, TimeSpan wait) => _channelWaits.Record(wait.TotalSeconds, Results[result]);

    public void Waited(WaitOutcome outcome) => _visitorWaits.Add(1, Waits[outcome]);

    /// <summary>A visitor has gone.</summary>
    public void VisitorLeft(ConnectionStatus outcome, TimeSpan duration)
    {
        KeyValuePair<string, object?> attribute = Outcomes[outcome];
        _visitors.Add(1, attribute);
        _visitorDurations.Record(duration.TotalSeconds, attribute);
    }

    /// <summary>What a visitor has carried since the last time.</summary>
    public void Carried(long fromVisitor, long toVisitor)
    {
        if (fromVisitor > 0)
            _visitorIo.Add(fromVisitor, Receive);
        if (toVisitor > 0)
            _visitorIo.Add(toVisitor, Transmit);
    }
}
