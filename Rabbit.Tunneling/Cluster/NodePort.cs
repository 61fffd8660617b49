using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Rabbit.Tunneling.Handover;
using Rabbit.Tunneling.Transport;

namespace Rabbit.Tunneling.Cluster;

/// <summary>Where other nodes connect; a lone server has none.</summary>
internal sealed partial class NodePort(
    SocketListenerFactory listeners, ITunnelDirectory directory, NodeState state, NodeTls tls, AcceptGate gate, IServiceProvider services, IOptions<TunnelingOptions> options, ILogger<NodePort> logger) : IHostedService
{
    private readonly ConnectionTracker _connections = new();
    private ConnectionAcceptor? _acceptor;

    /// <summary>Where it listens, once it does.</summary>
    public IPEndPoint? Bound { get; private set; }

    /// <inheritdoc/>
    /// <exception cref="TunnelAddressInUseException">Another program listens there.</exception>
    /// <exception cref="IOException">Its certificate cannot be used.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">The address cannot be bound.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (!directory.IsShared)
            return;
        tls.Load();
        var address = IPEndPoint.Parse(options.Value.ClusterBind);
        var endPoint = new TunnelEndPoint(ListenerNames.Node, address.Address, address.Port) { PeerSpeaksFirst = true };
        ConnectionDelegate pipeline = new ConnectionBuilder(services).UseConnectionHandler<NodePortHandler>().Build();
        IConnectionListener listener = await listeners.BindAsync(endPoint, cancellationToken);
        Bound = endPoint.Bound;
        if (address.Port == 0 && options.Value.ClusterAddress.Length == 0)
            state.NodeAddress = Bound!.ToString();
        _acceptor = new ConnectionAcceptor(listener, pipeline, _connections, gate.Opened, logger);
        LogListening(Bound!);
    }

    /// <summary>Accepts no more when the task completes, and goes on listening: who connects waits in the kernel's queue.</summary>
    public Task PauseAsync() => _acceptor?.PauseAsync() ?? Task.CompletedTask;

    /// <summary>Accepts again.</summary>
    public void Resume() => _acceptor?.Resume();

    /// <summary>Accepts no more; the connections go on.</summary>
    public Task UnbindAsync() => Interlocked.Exchange(ref _acceptor, null) is { } acceptor ? acceptor.StopAsync() : Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => UnbindAsync();

    [LoggerMessage(EventIds.NodePortListening, LogLevel.Information, "Listening for other nodes on {Address}")]
    private partial void LogListening(IPEndPoint address);
}
