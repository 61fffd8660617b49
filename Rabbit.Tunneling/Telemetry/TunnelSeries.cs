using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Rabbit.Tunneling.Sessions;

namespace Rabbit.Tunneling.Telemetry;

/// <summary>
/// Series of single tunnels, where <see cref="TunnelingOptions.TunnelMetrics"/> asks for them: each costs a time series in
/// whatever stores them, so that their number is bounded, and none is there by default.
/// </summary>
internal sealed class TunnelSeries(IMeterFactory meters, TunnelRegistry registry, IOptions<TunnelingOptions> options) : IHostedService
{
    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Value.TunnelMetrics == 0)
            return Task.CompletedTask;
        Meter meter = meters.Create(TunnelingTelemetry.MeterName);
        meter.CreateObservableUpDownCounter(
            "rabbit.tunnel.visitor.active", () => Measure(tunnel => tunnel.Port.Visitors.Active), "{visitor}", "Visitors of a tunnel that are being served.");
        meter.CreateObservableCounter(
            "rabbit.tunnel.visitors", () => Measure(tunnel => tunnel.Port.Visitors.Total), "{visitor}", "Visitors of a tunnel, also those turned away.");
        meter.CreateObservableCounter("rabbit.tunnel.io", MeasureIo, "By", "Bytes received from a tunnel's visitors and transmitted to them.");
        meter.CreateObservableGauge(
            "rabbit.tunnel.up", () => Measure(tunnel => tunnel.State == TunnelState.Live ? 1L : 0), "1", "1 while a tunnel's client is connected, else 0.");
        meter.CreateObservableGauge("rabbit.tunnel.round_trip", MeasureRoundTrips, "s", "Round trip of a tunnel's last heartbeat.");
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private IEnumerable<Tunnel> Chosen() => registry.Tunnels.OrderBy(tunnel => tunnel.Port.Number).Take(options.Value.TunnelMetrics);

    private IEnumerable<Measurement<long>> Measure(Func<Tunnel, long> value) =>
        Chosen().Select(tunnel => new Measurement<long>(value(tunnel), AttributesOf(tunnel)));

    private IEnumerable<Measurement<long>> MeasureIo() => Chosen().SelectMany(tunnel => new Measurement<long>[]
    {
        new(tunnel.Port.Visitors.BytesFromVisitors, [.. AttributesOf(tunnel), new(TunnelingMetrics.Direction, "receive")]),
        new(tunnel.Port.Visitors.BytesToVisitors, [.. AttributesOf(tunnel), new(TunnelingMetrics.Direction, "transmit")]),
    });

    private IEnumerable<Measurement<double>> MeasureRoundTrips() => Chosen()
        .Select(tunnel => (tunnel, tunnel.Session?.RoundTrip))
        .Where(measured => measured.RoundTrip is not null)
        .Select(measured => new Measurement<double>(measured.RoundTrip!.Value.TotalSeconds, AttributesOf(measured.tunnel)));

    private static KeyValuePair<string, object?>[] AttributesOf(Tunnel tunnel) =>
        [new("rabbit.tunnel.port", tunnel.Port.Number), new("rabbit.team.id", tunnel.Token.TeamId)];
}
