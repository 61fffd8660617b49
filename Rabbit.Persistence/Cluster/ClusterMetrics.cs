using System.Diagnostics.Metrics;
using Rabbit.Persistence.Telemetry;

namespace Rabbit.Persistence.Cluster;

/// <summary>What a node counts of the cluster. The names are documented in docs/telemetry.md.</summary>
internal sealed class ClusterMetrics
{
    private static readonly InstrumentAdvice<double> Times = new() { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] };
    private static readonly KeyValuePair<string, object?>[] Outcomes = [.. Enum.GetValues<ClaimOutcome>().Select(outcome => Attribute("rabbit.claim.outcome", outcome))];
    private static readonly KeyValuePair<string, object?>[] Sources = [.. Enum.GetValues<ConfirmationSource>().Select(source => Attribute("rabbit.confirmation.source", source))];

    private readonly Meter _meter;
    private readonly Counter<long> _claims;
    private readonly Histogram<double> _claimTimes;
    private readonly Counter<long> _renewalsFailed;
    private readonly Counter<long> _lost;
    private readonly Counter<long> _confirmations;

    public ClusterMetrics(IMeterFactory meters)
    {
        _meter = meters.Create(PersistenceTelemetry.MeterName);
        _claims = _meter.CreateCounter<long>("rabbit.cluster.claims", "{claim}", "Tunnels that this node wanted to own, by what came of it.");
        _claimTimes = _meter.CreateHistogram("rabbit.cluster.claim.duration", "s", "Time until this node owned a tunnel, waits for earlier owners included.", null, Times);
        _renewalsFailed = _meter.CreateCounter<long>("rabbit.cluster.renewals.failed", "{round}", "Rounds in which leases could not be renewed, as Redis was away.");
        _lost = _meter.CreateCounter<long>("rabbit.cluster.routes.lost", "{tunnel}", "Tunnels that another node has taken over.");
        _confirmations = _meter.CreateCounter<long>(
            "rabbit.cluster.confirmations", "{question}", "Questions for a visitor's sake whether this node still owns a tunnel, by who has answered.");
    }

    /// <summary>Begins to show what is looked up, and the counters with 0, so that a rate sees the first that is counted.</summary>
    public void Observe(Func<long> nodes, Func<(long Own, long Others)> routes)
    {
        _meter.CreateObservableUpDownCounter("rabbit.cluster.nodes", nodes, "{node}", "Live nodes of the cluster, as this one sees it.");
        _meter.CreateObservableUpDownCounter("rabbit.cluster.routes", () =>
        {
            var (own, others) = routes();
            return new Measurement<long>[] { new(own, new KeyValuePair<string, object?>("rabbit.route.owner", "self")), new(others, new KeyValuePair<string, object?>("rabbit.route.owner", "other")) };
        }, "{tunnel}", "Tunnels with a client, by whether that is connected to this node.");
        foreach (KeyValuePair<string, object?> outcome in Outcomes)
            _claims.Add(0, outcome);
        foreach (KeyValuePair<string, object?> source in Sources)
            _confirmations.Add(0, source);
        _renewalsFailed.Add(0);
        _lost.Add(0);
    }

    public void Claimed(ClaimOutcome outcome, TimeSpan duration)
    {
        _claims.Add(1, Outcomes[(int)outcome]);
        _claimTimes.Record(duration.TotalSeconds, Outcomes[(int)outcome]);
    }

    public void RenewalFailed() => _renewalsFailed.Add(1);

    public void Lost() => _lost.Add(1);

    public void Asked(ConfirmationSource source) => _confirmations.Add(1, Sources[(int)source]);

    private static KeyValuePair<string, object?> Attribute<T>(string name, T value) where T : struct, Enum => new(name, value.ToString().ToLowerInvariant());
}
