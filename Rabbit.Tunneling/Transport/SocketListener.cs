using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Rabbit.Tunneling.Handover;

namespace Rabbit.Tunneling.Transport;

/// <summary>
/// Accepts connections on one bound socket. Who accepts cancels that before it unbinds: disposing a socket with an accept pending would
/// disconnect it, also for another process that has it.
/// </summary>
internal sealed partial class SocketListener(
    Socket socket, TunnelEndPoint endPoint, bool isInherited, ListeningSockets listening, DescriptorBudget descriptors, DescriptorReserve reserve,
    OncePerSecond failureLogged, ILogger logger, TimeProvider time) : IConnectionListener
{
    private static readonly TimeSpan FailurePause = TimeSpan.FromMilliseconds(100);

    private int _isUnbound;

    /// <inheritdoc/>
    public EndPoint EndPoint => endPoint;

    /// <summary>True when it listened before this process did.</summary>
    public bool IsInherited => isInherited;

    /// <inheritdoc/>
    /// <exception cref="OperationCanceledException">Cancelled; no connection is lost by that.</exception>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            while (reserve.IsGiven && !reserve.TryKeep())
                await PauseAsync(SocketError.TooManyOpenSockets, cancellationToken);
            try
            {
                Socket accepted = await socket.AcceptAsync(cancellationToken);
                return new SocketConnection(accepted);
            }
            catch (SocketException e) when (!cancellationToken.IsCancellationRequested)
            {
                // Out of descriptors or memory, or a peer that left between SYN and accept. The listener itself is sound.
                if (e.SocketErrorCode is SocketError.ConnectionAborted or SocketError.ConnectionReset)
                    continue;
                if (e.SocketErrorCode == SocketError.TooManyOpenSockets)
                    reserve.Give();
                await PauseAsync(e.SocketErrorCode, cancellationToken);
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        if (Interlocked.Exchange(ref _isUnbound, 1) != 0)
            return ValueTask.CompletedTask;
        listening.Remove(endPoint.Name, socket);
        socket.Dispose();
        descriptors.PortUnbound();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => UnbindAsync();

    private Task PauseAsync(SocketError error, CancellationToken cancellationToken)
    {
        if (failureLogged.TryPass())
            LogAcceptFailed(error, endPoint);
        return Task.Delay(FailurePause, time, cancellationToken);
    }

    [LoggerMessage(EventIds.AcceptFailed, LogLevel.Error, "Cannot accept on {EndPoint} ({Error}); trying again. If descriptors ran out, raise LimitNOFILE.")]
    private partial void LogAcceptFailed(SocketError error, EndPoint endPoint);
}
