using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Rabbit.Protocol.Relay;
using Rabbit.Tunneling.Authentication;
using Rabbit.Tunneling.Cluster;
using Rabbit.Tunneling.ControlPort;
using Rabbit.Tunneling.Events;
using Rabbit.Tunneling.Handover;
using Rabbit.Tunneling.Restoration;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.State;
using Rabbit.Tunneling.Telemetry;
using Rabbit.Tunneling.Traffic;
using Rabbit.Tunneling.Transport;
using Rabbit.Tunneling.TunnelPorts;

namespace Rabbit.Tunneling;

/// <summary>Registers the tunnel server's parts.</summary>
public static class TunnelingServices
{
    /// <summary>
    /// Adds everything between the sockets and the stores. The caller registers <see cref="TunnelingOptions"/>,
    /// <see cref="ITlsMaterial"/>, <see cref="ITokenStore"/>, <see cref="ISessionStore"/>, <see cref="IConnectionLog"/>,
    /// <see cref="ILiveSessionStore"/> and <see cref="IRevocations"/>, and, before this call, what brings the state up: it ends
    /// with <see cref="TunnelRestoration.RestoreAsync"/>. For a node of a cluster it has registered <see cref="ITunnelDirectory"/> and
    /// <see cref="IDuties"/> before.
    /// </summary>
    public static IServiceCollection AddRabbitTunneling(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<ITunnelDirectory, LocalDirectory>();
        services.TryAddSingleton<IDuties, AllDuties>();
        services.AddSingleton(provider => new NodeState(
            provider, provider.GetRequiredService<IOptions<TunnelingOptions>>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<TunnelFollower>();

        services.AddMetrics();
        services.AddSingleton<TunnelingMetrics>();
        services.AddSingleton<TunnelEvents>();
        services.AddSingleton<DescriptorBudget>();
        services.TryAddSingleton<DescriptorReserve>();
        services.AddSingleton<InheritedListeners>();
        services.AddSingleton(provider => new ListeningSockets(provider.GetService<IListenerParking>()));
        services.AddSingleton<AcceptGate>();
        services.AddSingleton<SocketListenerFactory>();

        services.AddSingleton<TokenAuthenticator>();
        services.AddSingleton<ServerTls>();
        services.AddSingleton<ControlPortAddress>();
        services.AddSingleton<KnownAddresses>();
        services.AddSingleton<LoginPenalties>();
        services.AddSingleton<ServerNetworks>();
        services.AddSingleton<HandshakeAdmission>();
        services.AddSingleton<StandbyClients>();
        services.AddSingleton<ClientLogin>();

        services.AddSingleton<AbortSignal>();
        services.AddSingleton<Departure>();
        services.AddSingleton<LegacyChannels>();
        services.AddSingleton<SessionFactory>();
        services.AddSingleton(provider => new TunnelRegistry(
            provider.GetRequiredService<TunnelPortFactory>(), provider.GetRequiredService<SessionFactory>(),
            provider.GetRequiredService<TokenAuthenticator>(), provider.GetRequiredService<ISessionStore>(),
            provider.GetRequiredService<ILiveSessionStore>(), provider.GetRequiredService<IRevocations>(),
            provider.GetRequiredService<ITokenStore>(), provider.GetRequiredService<ITunnelDirectory>(),
            provider.GetRequiredService<StandbyClients>(), provider.GetRequiredService<TunnelEvents>(),
            provider.GetRequiredService<TunnelingMetrics>(), provider.GetRequiredService<AbortSignal>(), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<Tunnel>>()));

        services.AddSingleton<TunnelPortFactory>();
        services.AddSingleton(provider => new TrafficHistory(
            provider.GetRequiredService<TunnelRegistry>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<OpenVisitors>();
        services.AddSingleton<OpeningVisitors>();
        services.AddSingleton<LoadBalancers>();
        services.AddSingleton<PostgresEncryption>();
        services.AddSingleton<VisitorAnswers>();
        services.AddSingleton<VisitorAdmission>();
        services.AddSingleton<ReturningClient>();
        services.AddSingleton<OfflineTunnel>();
        services.AddSingleton<WaitingVisitors>();
        services.AddSingleton<HeldVisitors>();
        services.AddSingleton(provider => new VanishedPeers(
            provider.GetRequiredService<IOptions<TunnelingOptions>>().Value.DeadAfter, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<LiveTunnel>();

        services.AddSingleton<ClusterMetrics>();
        services.AddSingleton(provider => new NodeTls(new Lazy<INodeMaterial>(provider.GetRequiredService<INodeMaterial>)));
        services.AddSingleton<NodeDialer>();
        services.AddSingleton<NodeAdmission>();
        services.AddSingleton<ForwardedVisitors>();
        services.AddSingleton<NodeLinkHandler>();
        services.AddSingleton<NodePort>();
        services.AddSingleton<NodeLinks>();
        services.AddSingleton<RemoteSessions>();
        services.AddSingleton<ClientNodes>();
        services.AddSingleton(provider => new NodeTraffic(provider.GetRequiredService<ClusterMetrics>()));
        services.AddSingleton(provider => new NodeDrain(
            provider.GetRequiredService<ITunnelDirectory>(), provider.GetRequiredService<NodeState>(), provider.GetRequiredService<TunnelRegistry>(),
            provider.GetRequiredService<StandbyClients>(), provider.GetRequiredService<ControlPortListener>(),
            provider.GetRequiredService<IOptions<TunnelingOptions>>(), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<NodeDrain>>()));
        services.TryAddSingleton<IRemoteSessions>(provider => provider.GetRequiredService<RemoteSessions>());
        services.AddSingleton(provider => new RestoredTunnels(
            provider.GetRequiredService<TunnelRegistry>(), provider.GetRequiredService<TunnelFollower>(), provider.GetRequiredService<KnownAddresses>(),
            provider.GetRequiredService<AcceptGate>(),
            provider.GetRequiredService<IOptions<TunnelingOptions>>().Value, provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<RestoredTunnels>>()));
        services.AddSingleton(provider => new TunnelHandover(
            provider.GetRequiredService<TunnelRegistry>(), provider.GetRequiredService<ControlPortListener>(), provider.GetRequiredService<NodePort>(),
            provider.GetRequiredService<OpeningVisitors>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new TunnelRestoration(
            provider.GetRequiredService<ISessionStore>(), provider.GetRequiredService<RestoredTunnels>(),
            provider.GetRequiredService<IOptions<TunnelingOptions>>().Value, provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<TunnelRestoration>>()));

        services.AddHostedService(provider => provider.GetRequiredService<OpenVisitors>());
        services.AddHostedService<TunnelObservations>();
        services.AddHostedService<TunnelSeries>();
        services.AddHostedService<SessionHeartbeat>();
        services.AddHostedService<TokenExpiryWatch>();
        services.AddHostedService<RevocationWatch>();
        services.AddHostedService<RouteWatch>();
        services.AddHostedService<EndedSessionWatch>();
        services.AddHostedService(provider => provider.GetRequiredService<NodePort>());
        services.AddHostedService(provider => provider.GetRequiredService<RemoteSessions>());
        services.AddSingleton<ControlPortListener>();
        services.AddHostedService(provider => provider.GetRequiredService<ControlPortListener>());
        services.AddHostedService(provider => provider.GetRequiredService<ClientNodes>());
        services.AddHostedService<TunnelDrain>();
        return services;
    }
}
