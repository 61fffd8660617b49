using System.Diagnostics.Metrics;
using Rabbit.Host.Telemetry;

namespace Rabbit.Host.Alerts;

/// <summary>What becomes of alerts.</summary>
internal sealed class AlertMetrics
{
    private static readonly KeyValuePair<string, object?> DeliveredOutcome = Outcome("delivered");
    private static readonly KeyValuePair<string, object?> FailedOutcome = Outcome("failed");
    private static readonly KeyValuePair<string, object?> LostOutcome = Outcome("lost");

    private readonly Counter<long> _deliveries;
    private long _waiting;

    public AlertMetrics(IMeterFactory meters)
    {
        Meter meter = meters.Create(HostMetrics.MeterName);
        _deliveries = meter.CreateCounter<long>("rabbit.alert.deliveries", "{delivery}", "Attempts to deliver alerts, and alerts that were lost.");
        meter.CreateObservableUpDownCounter("rabbit.alert.waiting", () => Volatile.Read(ref _waiting), "{delivery}", "Alerts that their receivers have not taken yet.");
    }

    /// <summary>Shows each counter with 0, once somebody listens.</summary>
    public void Announce()
    {
        foreach (KeyValuePair<string, object?> outcome in new[] { DeliveredOutcome, FailedOutcome, LostOutcome })
            _deliveries.Add(0, outcome);
    }

    public void Delivered() => _deliveries.Add(1, DeliveredOutcome);

    public void Failed() => _deliveries.Add(1, FailedOutcome);

    public void Lost(int count) => _deliveries.Add(count, LostOutcome);

    public void Waiting(long count) => Volatile.Write(ref _waiting, count);

    private static KeyValuePair<string, object?> Outcome(string text) => new("rabbit.alert.outcome", text);
}
