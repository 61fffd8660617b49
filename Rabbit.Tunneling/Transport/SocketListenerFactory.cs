using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Rabbit.Protocol.Transport;
using Rabbit.Tunneling.Handover;

namespace Rabbit.Tunneling.Transport;

/// <summary>
/// The transport of the control port and of all tunnel ports: TCP sockets whose pipe is lazy and pull-only, so that a
/// connection can be handed to the relay without losing a byte.
/// </summary>
internal sealed class SocketListenerFactory(
    InheritedListeners inherited, ListeningSockets listening, DescriptorBudget descriptors, DescriptorReserve reserve,
    IOptions<TunnelingOptions> options, ILogger<SocketListener> logger, TimeProvider time) : IConnectionListenerFactory
{
    /// <summary>Connections that the kernel may hold for us between accepts; net.core.somaxconn caps it.</summary>
    private const int Backlog = 4096;

    // Of all ports together: what keeps one from accepting keeps all.
    private readonly OncePerSecond _failureLogged = new(time);

    /// <inheritdoc/>
    /// <exception cref="TunnelAddressInUseException">Another socket listens there.</exception>
    /// <exception cref="SocketException">The address cannot be bound.</exception>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var tunnelEndPoint = (TunnelEndPoint)endpoint;
        IPEndPoint requested = tunnelEndPoint.Requested;
        Socket? before = inherited.TryTake(tunnelEndPoint.Name, requested);
        Socket socket = before ?? new Socket(requested.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (before is null && requested.Address.Equals(IPAddress.IPv6Any))
                socket.DualMode = true;
            // Inherited by every connection that is accepted.
            socket.NoDelay = true;
            SocketTuning.ProbeIdlePeers(socket);
            SocketTuning.BoundBuffers(socket, options.Value.SocketBuffer);
            if (tunnelEndPoint.PeerSpeaksFirst)
                SocketTuning.AcceptWithFirstBytes(socket);
            if (before is null)
                socket.Bind(requested);
            socket.Listen(Backlog); // Of one that listens already it only sets the length of the queue.
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            socket.Dispose();
            throw new TunnelAddressInUseException(requested, e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
        tunnelEndPoint.Bound = (IPEndPoint)socket.LocalEndPoint!;
        descriptors.PortBound();
        listening.Add(tunnelEndPoint.Name, socket);
        return ValueTask.FromResult<IConnectionListener>(
            new SocketListener(socket, tunnelEndPoint, before is not null, listening, descriptors, reserve, _failureLogged, logger, time));
    }
}
