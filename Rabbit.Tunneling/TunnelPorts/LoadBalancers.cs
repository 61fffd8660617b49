using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Rabbit.Protocol;
using Rabbit.Protocol.Proxy;
using Rabbit.Tunneling.Transport;

namespace Rabbit.Tunneling.TunnelPorts;

/// <summary>
/// The load balancers that may say, by a PROXY header, on whose behalf they connect to a tunnel port
/// (<see cref="TunnelingOptions.ProxyFrom"/>). Nobody else is believed: what others send is passed on as it is.
/// </summary>
internal sealed partial class LoadBalancers
{
    // A load balancer sends it at once; a lost packet may cost it three seconds (The PROXY protocol, section 2).
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly IPNetwork[] _networks;
    private readonly OncePerSecond _logged;
    private readonly TimeProvider _time;
    private readonly ILogger<LoadBalancers> _logger;

    public LoadBalancers(IOptions<TunnelingOptions> options, TimeProvider time, ILogger<LoadBalancers> logger)
    {
        _networks = NetworkText.TryReadList(options.Value.ProxyFrom, out IPNetwork[] networks) ? networks : [];
        _logged = new OncePerSecond(time);
        _time = time;
        _logger = logger;
    }

    /// <summary>True when the peer is one of them, and its connection begins with a header.</summary>
    public bool Include(IPAddress peer) => _networks.Contain(peer);

    /// <summary>Learns from the header who the visitor is; false when there is none, and the connection is only to be dropped.</summary>
    public async Task<bool> TryReadVisitorAsync(IncomingConnection incoming)
    {
        try
        {
            using var deadline = new CancellationTokenSource(Patience, _time);
            // Without a byte: a health check.
            if (await ProxyHeader.ReadAsync(incoming.Transport.Input, deadline.Token) is not { } header)
                return false;
            if (header.Source is { } visitor)
                incoming.IsOnBehalfOf(visitor);
            return true;
        }
        catch (ProtocolException e)
        {
            if (_logged.TryPass())
                LogNoHeader(incoming.Remote.Address, e.Message);
        }
        catch (OperationCanceledException)
        {
            if (_logged.TryPass())
                LogNoHeader(incoming.Remote.Address, "It sent no whole header in time.");
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // It left.
        }
        return false;
    }

    [LoggerMessage(EventIds.NoProxyHeader, LogLevel.Warning, "Dropped a connection of the load balancer {Address}: {Reason} Let it send the PROXY protocol, or take its network out of --proxy-from.")]
    private partial void LogNoHeader(IPAddress address, string reason);
}
