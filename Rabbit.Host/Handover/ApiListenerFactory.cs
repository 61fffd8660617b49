using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;
using Rabbit.Tunneling.Handover;

namespace Rabbit.Host.Handover;

/// <summary>
/// Kestrel's own transport for the API, but that it takes a socket which listens already, and that it stops accepting without closing what
/// another process may have too.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "Kestrel ends its listener.")]
internal sealed class ApiListenerFactory : IConnectionListenerFactory
{
    private readonly InheritedListeners _inherited;
    private readonly ListeningSockets _listening;
    private readonly SocketTransportFactory _sockets;
    private Socket? _bound;
    private ApiListener? _listener;

    public ApiListenerFactory(InheritedListeners inherited, ListeningSockets listening, ILoggerFactory loggers)
    {
        _inherited = inherited;
        _listening = listening;
        _sockets = new SocketTransportFactory(Options.Create(new SocketTransportOptions { CreateBoundListenSocket = TakeOrBind }), loggers);
    }

    /// <inheritdoc/>
    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        IConnectionListener inner = await _sockets.BindAsync(endpoint, cancellationToken);
        _listening.Add(ListenerNames.Api, _bound!);
        return _listener = new ApiListener(inner, () => _listening.Remove(ListenerNames.Api, _bound!));
    }

    /// <summary>Accepts no more when the task completes, and goes on listening: who connects waits in the kernel's queue.</summary>
    public Task PauseAsync() => _listener?.PauseAsync() ?? Task.CompletedTask;

    /// <summary>Accepts again.</summary>
    public void Resume() => _listener?.Resume();

    private Socket TakeOrBind(EndPoint endpoint) => _bound =
        _inherited.TryTake(ListenerNames.Api, (IPEndPoint)endpoint) ?? SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
}
