using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Rabbit.Tunneling.Authentication;
using Rabbit.Tunneling.ControlPort;
using Rabbit.Tunneling.Restoration;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.State;
using Rabbit.Tunneling.Transport;
using Rabbit.Tunneling.TunnelPorts;

namespace Rabbit.Tunneling;

/// <summary>Registers the tunnel server's parts.</summary>
public static partial class TunnelingServices
{
    /// <summary>
    /// Adds everything between the sockets and the stores. The caller registers <see cref="TunnelingOptions"/>,
    /// <see cref="IServerCertificate"/>, <see cref="ITokenStore"/>, <see cref="ISessionStore"/>, <see cref="IConnectionLog"/>
    /// and <see cref="ILiveSessionStore"/>, and, before this call, what must run before restoration.
    /// </summary>
    public static IServiceCollection AddRabbitTunneling(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);

        services.AddSingleton<SocketListenerFactory>();
        services.AddSingleton<IConnectionListenerFactory>(provider => provider.GetRequiredService<SocketListenerFactory>());

        services.AddSingleton<TokenAuthenticator>();
        services.AddSingleton<ServerTls>();
        services.AddSingleton<ControlPortAddress>();
        services.AddSingleton<HandshakeAdmission>();
        services.AddSingleton<ClientLogin>();

        services.AddSingleton<AbortSignal>();
        services.AddSingleton<LegacyChannels>();
        services.AddSingleton<SessionFactory>();
        services.AddSingleton(provider => new TunnelRegistry(
            provider.GetRequiredService<TunnelPortFactory>(), provider.GetRequiredService<SessionFactory>(),
            provider.GetRequiredService<TokenAuthenticator>(), provider.GetRequiredService<ISessionStore>(),
            provider.GetRequiredService<ILiveSessionStore>(), provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<Tunnel>>()));

        services.AddSingleton<TunnelPortFactory>();
        services.AddSingleton<OfflineTunnel>();
        services.AddSingleton<LiveTunnel>();
        services.AddSingleton(provider => new RestoredTunnels(
            provider.GetRequiredService<TunnelRegistry>(), provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<RestoredTunnels>>()));

        services.AddHostedService<RestorationService>();
        services.AddHostedService<SessionHeartbeat>();
        services.AddHostedService<TokenExpiryWatch>();
        services.AddHostedService<TunnelDrain>();
        return services;
    }

    /// <summary>Makes Kestrel listen on the control port through our transport.</summary>
    public static void ListenRabbitControlPort(this KestrelServerOptions kestrel)
    {
        IServiceProvider services = kestrel.ApplicationServices;
        TunnelingOptions options = services.GetRequiredService<IOptions<TunnelingOptions>>().Value;
        var endPoint = new TunnelEndPoint(options.BindAddress(), options.Port);
        services.GetRequiredService<ControlPortAddress>().EndPoint = endPoint;
        kestrel.Listen(endPoint, listen => listen.UseConnectionHandler<ControlPortHandler>());
        if (options.AllowPlaintext)
            LogPlaintextAllowed(services.GetRequiredService<ILogger<ControlPortHandler>>());
    }

    [LoggerMessage(EventIds.PlaintextAllowed, LogLevel.Warning, "Plaintext control channels are accepted from every address: tokens and data can be read on the way")]
    private static partial void LogPlaintextAllowed(ILogger logger);
}
