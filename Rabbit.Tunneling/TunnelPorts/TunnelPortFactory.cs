using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Rabbit.Tunneling.Handover;
using Rabbit.Tunneling.Transport;

namespace Rabbit.Tunneling.TunnelPorts;

/// <summary>Makes tunnel ports; all share one connection pipeline.</summary>
internal sealed class TunnelPortFactory(
    IOptions<TunnelingOptions> options, SocketListenerFactory listeners, AcceptGate gate, IServiceProvider services, TimeProvider time,
    ILogger<TunnelPort> logger)
{
    // Built on first use: the pipeline's handler needs services that need this factory.
    private readonly Lazy<ConnectionDelegate> _pipeline = new(
        () => new ConnectionBuilder(services).UseConnectionHandler<TunnelPortHandler>().Build());

    /// <summary>A port that is not bound yet.</summary>
    public TunnelPort Create(int number) =>
        new(options.Value.BindAddress(), number, listeners, gate, connection => _pipeline.Value(connection), time, logger);
}
