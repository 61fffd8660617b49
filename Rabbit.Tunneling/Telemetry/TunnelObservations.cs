using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Rabbit.Tunneling.Cluster;
using Rabbit.Tunneling.ControlPort;
using Rabbit.Tunneling.Restoration;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.State;
using Rabbit.Tunneling.TunnelPorts;

namespace Rabbit.Tunneling.Telemetry;

/// <summary>What is looked up whenever metrics are collected: tunnels, sessions, channels, handshakes, the last restoration.</summary>
internal sealed class TunnelObservations(
    IMeterFactory meters, TunnelRegistry registry, OpenVisitors visitors, WaitingVisitors waiting, HandshakeAdmission handshakes, RestoredTunnels restored,
    TunnelRestoration restoration, TunnelingMetrics metrics) : IHostedService
{
    private static readonly EnumAttribute<TunnelState> States = new("rabbit.tunnel.state");
    private static readonly EnumAttribute<TunnelHealth> Healths = new("rabbit.service.health");
    private static readonly EnumAttribute<SessionProtocol> Protocols = new("rabbit.session.protocol");
    private static readonly EnumAttribute<RestorationState> RestorationStates = new("rabbit.restoration.state");

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        Meter meter = meters.Create(TunnelingTelemetry.MeterName);
        meter.CreateObservableUpDownCounter("rabbit.tunnels", CountTunnels, "{tunnel}", "Tunnels by state.");
        meter.CreateObservableUpDownCounter("rabbit.services", CountHealths, "{service}", "Services behind tunnels, by whether visitors can reach them.");
        meter.CreateObservableUpDownCounter("rabbit.sessions", CountSessions, "{session}", "Connected tunnel clients by protocol.");
        meter.CreateObservableUpDownCounter("rabbit.channel.ready", CountReady, "{channel}", "Data channels that wait for a visitor.");
        meter.CreateObservableUpDownCounter(
            "rabbit.cluster.streams", CountStreams, "{stream}", "Connections that wait for a visitor of a client at another node.");
        meter.CreateObservableUpDownCounter(
            "rabbit.visitor.active", () => (long)visitors.Count, "{visitor}", "Visitors that are being served.");
        meter.CreateObservableUpDownCounter(
            "rabbit.visitor.waiting", () => (long)waiting.Count, "{visitor}", "Visitors that wait for an absent client.");
        meter.CreateObservableUpDownCounter(
            "rabbit.handshakes", () => handshakes.Count, "{connection}", "Connections that have not authenticated yet.");
        meter.CreateObservableGauge("rabbit.restoration.duration", LastRestoration, "s", "Time that the last restoration took.");
        meter.CreateObservableUpDownCounter(
            "rabbit.restoration.tunnels", CountRestored, "{tunnel}", "Tunnels that the last restoration took up, by what became of them.");
        metrics.Announce();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private IEnumerable<Measurement<long>> CountTunnels() => Count(registry.Tunnels.Select(tunnel => tunnel.State), States);

    private IEnumerable<Measurement<long>> CountHealths() => Count(registry.Tunnels.Select(tunnel => tunnel.Health.State), Healths);

    private IEnumerable<Measurement<long>> CountSessions() =>
        Count(registry.Tunnels.Select(tunnel => tunnel.Session).OfType<TunnelSession>().Where(session => session is not RemoteSession)
            .Select(session => session.Record.Protocol), Protocols);

    private IEnumerable<Measurement<long>> CountRestored() =>
        Count(restored.List().Select(RestorationStateOf), RestorationStates);

    private long CountReady() => registry.Tunnels.Sum(tunnel => tunnel.Session is { } session and not RemoteSession ? (long)session.ReadyChannels : 0);

    private long CountStreams() => registry.Tunnels.Sum(tunnel => tunnel.Session is RemoteSession session ? (long)session.ReadyChannels : 0);

    private IEnumerable<Measurement<double>> LastRestoration() => restoration.Duration is { } duration ? [new(duration.TotalSeconds)] : [];

    private static RestorationState RestorationStateOf(RestoredTunnelInfo tunnel) => tunnel switch
    {
        { ReconnectedAt: not null } => RestorationState.Reconnected,
        { IsListening: true } => RestorationState.Waiting,
        { BindError: not null } => RestorationState.PortBusy,
        _ => RestorationState.Closed,
    };

    // Each value, also those that nothing has: a series that comes and goes cannot be alerted on.
    private static IEnumerable<Measurement<long>> Count<TEnum>(IEnumerable<TEnum> seen, EnumAttribute<TEnum> attribute)
        where TEnum : struct, Enum
    {
        Dictionary<TEnum, int> counts = seen.CountBy(value => value).ToDictionary();
        return Enum.GetValues<TEnum>().Select(value => new Measurement<long>(counts.GetValueOrDefault(value), attribute[value]));
    }

    private enum RestorationState
    {
        /// <summary>The port listens; the client has not come back yet.</summary>
        Waiting,

        /// <summary>The client is back.</summary>
        Reconnected,

        /// <summary>Another program holds the port.</summary>
        PortBusy,

        /// <summary>The client did not come back in time, or its token is not valid any more.</summary>
        Closed,
    }
}
