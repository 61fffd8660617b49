using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Rabbit.Client.Commands;
using Rabbit.Client.Trust;
using Rabbit.Protocol.Transport;

namespace Rabbit.Client.Connection;

/// <summary>Opens connections to the server, under TLS unless told otherwise.</summary>
internal sealed class ServerDialer(ConnectOptions options, ServerTrust trust, TimeProvider time)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);
    private readonly SslClientAuthenticationOptions _controlTls = trust.CreateControlOptions();
    private readonly SslClientAuthenticationOptions _dataTls = trust.CreateDataOptions();

    /// <summary>
    /// Connects to the server and secures the connection: by name for a control channel; at the address that answered then
    /// for its data channels, which must reach the same server and need no name looked up.
    /// </summary>
    /// <exception cref="ServerUnavailableException">The server does not answer, or not with TLS.</exception>
    /// <exception cref="TunnelFailedException">The server is not the one expected.</exception>
    public async Task<RelayEnd> DialAsync(EndPoint server, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        RelayEnd? end = null;
        try
        {
            end = await ConnectAsync(server, either.Token);
            return options.Plaintext ? end : await TlsEnd.AuthenticateAsClientAsync(end, server is DnsEndPoint ? _controlTls : _dataTls, either.Token);
        }
        catch (Exception e) when (e is SocketException or IOException or AuthenticationException or OperationCanceledException)
        {
            end?.Abort();
            cancellationToken.ThrowIfCancellationRequested();
            if (e is AuthenticationException)
                trust.ThrowIfRefused();
            string address = server is DnsEndPoint name ? $"{name.Host}:{name.Port}" : server.ToString()!;
            throw new ServerUnavailableException(e switch
            {
                OperationCanceledException => $"{address} does not answer",
                SocketException { SocketErrorCode: SocketError.ConnectionRefused } => $"nothing listens at {address}",
                SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain } => $"the name {options.Host} cannot be resolved",
                SocketException socket => $"{address} cannot be reached: {socket.Message}",
                IOException => $"{address} closed the connection during the TLS handshake",
                _ => $"What answers at {address} does not speak TLS as a Rabbit server does; see that it is the control port (9999 by default), or give --plaintext if that is meant.",
            }, isStranger: e is AuthenticationException);
        }
    }

    private static async Task<RelayEnd> ConnectAsync(EndPoint server, CancellationToken cancellationToken)
    {
        Socket socket = server is IPEndPoint { AddressFamily: var family }
            ? new Socket(family, SocketType.Stream, ProtocolType.Tcp)
            : new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.NoDelay = true;
            await socket.ConnectAsync(server, cancellationToken);
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 60);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 15);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 4);
            return new SocketEnd(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
