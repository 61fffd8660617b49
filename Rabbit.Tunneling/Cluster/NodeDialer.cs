using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Microsoft.Extensions.Options;
using Rabbit.Protocol.Transport;

namespace Rabbit.Tunneling.Cluster;

/// <summary>Connects to other nodes, at the addresses of their leases and nowhere else.</summary>
internal sealed class NodeDialer(NodeTls tls, IOptions<TunnelingOptions> options, TimeProvider time)
{
    /// <summary>A connection to this node, which has proved to be it.</summary>
    /// <exception cref="IOException">It does not answer within the time, or is not the one, in one sentence.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<RelayEnd> DialAsync(ClusterNode node, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        RelayEnd? end = null;
        try
        {
            end = await ConnectAsync(node.NodeAddress, either.Token);
            return await TlsEnd.AuthenticateAsClientAsync(end, tls.CreateClientOptions(node.Name), either.Token);
        }
        catch (Exception e) when (e is SocketException or IOException or AuthenticationException or OperationCanceledException)
        {
            end?.Abort();
            cancellationToken.ThrowIfCancellationRequested();
            throw new IOException(Explain(e, node), e);
        }
        catch
        {
            end?.Abort();
            throw;
        }
    }

    private async Task<RelayEnd> ConnectAsync(string address, CancellationToken cancellationToken)
    {
        EndPoint remote = IPEndPoint.TryParse(address, out IPEndPoint? exact) ? exact
            : address.LastIndexOf(':') is > 0 and int colon && ushort.TryParse(address.AsSpan(colon + 1), out ushort port) ? new DnsEndPoint(address[..colon], port)
            : throw new IOException($"'{address}' is no address");
        Socket socket = exact is not null ? new Socket(exact.AddressFamily, SocketType.Stream, ProtocolType.Tcp) : new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.NoDelay = true;
            SocketTuning.BoundBuffers(socket, options.Value.SocketBuffer);
            await socket.ConnectAsync(remote, cancellationToken);
            SocketTuning.ProbeIdlePeers(socket);
            return new SocketEnd(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static string Explain(Exception exception, ClusterNode node) => exception switch
    {
        OperationCanceledException => $"node {node.Name} at {node.NodeAddress} does not answer in time",
        AuthenticationException => $"what answers at {node.NodeAddress} is not node {node.Name} with a certificate of the cluster's authority",
        SocketException { SocketErrorCode: SocketError.ConnectionRefused } => $"nothing listens at {node.NodeAddress} of node {node.Name}",
        _ => $"node {node.Name} at {node.NodeAddress} cannot be reached: {exception.Message.TrimEnd('.')}",
    };
}
