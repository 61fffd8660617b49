using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Rabbit.Tunneling.Transport;

/// <summary>Accepts connections on one bound socket.</summary>
internal sealed partial class SocketListener(
    Socket socket, TunnelEndPoint endPoint, DescriptorBudget descriptors, OncePerSecond failureLogged, ILogger logger, TimeProvider time)
    : IConnectionListener
{
    private static readonly TimeSpan FailurePause = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource _unbound = new();
    private int _isUnbound;

    /// <inheritdoc/>
    public EndPoint EndPoint => endPoint;

    /// <inheritdoc/>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            try
            {
                Socket accepted = await socket.AcceptAsync(_unbound.Token);
                return new SocketConnection(accepted);
            }
            catch (Exception) when (_unbound.IsCancellationRequested)
            {
                return null;
            }
            catch (SocketException e)
            {
                // Out of descriptors or memory, or a peer that left between SYN and accept. The listener itself is sound.
                if (e.SocketErrorCode is not (SocketError.ConnectionAborted or SocketError.ConnectionReset))
                {
                    if (failureLogged.TryPass())
                        LogAcceptFailed(e.SocketErrorCode, endPoint);
                    await PauseAsync();
                }
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        // A pending accept is cancelled before the socket goes: disposing with one pending would disconnect the shared
        // socket, also for a process that inherited it.
        await _unbound.CancelAsync();
        socket.Dispose();
        if (Interlocked.Exchange(ref _isUnbound, 1) == 0)
            descriptors.PortUnbound();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await UnbindAsync();
        _unbound.Dispose();
    }

    private async Task PauseAsync()
    {
        try
        {
            await Task.Delay(FailurePause, time, _unbound.Token);
        }
        catch (OperationCanceledException)
        {
            // The next accept sees it too and ends.
        }
    }

    [LoggerMessage(EventIds.AcceptFailed, LogLevel.Error, "Cannot accept on {EndPoint} ({Error}); trying again. If descriptors ran out, raise LimitNOFILE.")]
    private partial void LogAcceptFailed(SocketError error, EndPoint endPoint);
}
