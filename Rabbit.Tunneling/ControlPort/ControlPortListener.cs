using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Rabbit.Tunneling.Handover;
using Rabbit.Tunneling.Transport;

namespace Rabbit.Tunneling.ControlPort;

/// <summary>The control port: bound when the restored tunnel ports listen, unbound as soon as the server begins to stop.</summary>
internal sealed partial class ControlPortListener(
    SocketListenerFactory listeners, AcceptGate gate, IServiceProvider services, ControlPortAddress address, IOptions<TunnelingOptions> options,
    ILogger<ControlPortListener> logger) : IHostedService
{
    private readonly ConnectionTracker _connections = new();
    private ConnectionAcceptor? _acceptor;

    /// <inheritdoc/>
    /// <exception cref="TunnelAddressInUseException">Another program listens there.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">The address cannot be bound.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Value.AllowPlaintext)
            LogPlaintextAllowed();
        var endPoint = new TunnelEndPoint(ListenerNames.Control, options.Value.BindAddress(), options.Value.Port) { PeerSpeaksFirst = true };
        ConnectionDelegate pipeline = new ConnectionBuilder(services).UseConnectionHandler<ControlPortHandler>().Build();
        IConnectionListener listener = await listeners.BindAsync(endPoint, cancellationToken);
        address.Bound = endPoint.Bound!;
        _acceptor = new ConnectionAcceptor(listener, pipeline, _connections, gate.Opened, logger);
    }

    /// <summary>Accepts no more when the task completes, and goes on listening: who connects waits in the kernel's queue.</summary>
    public Task PauseAsync() => _acceptor?.PauseAsync() ?? Task.CompletedTask;

    /// <summary>Accepts again.</summary>
    public void Resume() => _acceptor?.Resume();

    /// <summary>Accepts no more; the connections go on.</summary>
    public Task UnbindAsync() => Interlocked.Exchange(ref _acceptor, null) is { } acceptor ? acceptor.StopAsync() : Task.CompletedTask;

    /// <summary>Completes when no control channel and no handshake is left.</summary>
    public Task WhenIdleAsync() => _connections.WhenIdleAsync();

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => UnbindAsync();

    [LoggerMessage(EventIds.PlaintextAllowed, LogLevel.Warning, "Plaintext control channels are accepted from every address: tokens and data can be read on the way")]
    private partial void LogPlaintextAllowed();
}
