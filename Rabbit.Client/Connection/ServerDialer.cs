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
            if (options.Plaintext)
                return end;
            if (server is DnsEndPoint)
                return await SecureControlAsync(end, either.Token);
            if (await SecureDataAsync(end, either.Token) is { } secured)
                return secured;
            // The server's certificate may have been renewed since the login: the new one is judged as at a login.
            end.Abort();
            end = await ConnectAsync(server, either.Token);
            return await SecureControlAsync(end, either.Token);
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
        {
            end?.Abort();
            cancellationToken.ThrowIfCancellationRequested();
            throw new ServerUnavailableException(Explain(e, isConnected: end is not null, NameOf(server)));
        }
        catch
        {
            end?.Abort();
            throw;
        }
    }

    /// <summary>
    /// Connects to another node of the cluster, which must show the certificate that the server has told of; in plaintext only where this
    /// tunnel's own server is spoken to so.
    /// </summary>
    /// <exception cref="ServerUnavailableException">The node does not answer, is not the one, or is not to be connected to.</exception>
    public async Task<RelayEnd> DialNodeAsync(DnsEndPoint node, string fingerprint, CancellationToken cancellationToken)
    {
        if (options.NoDirect)
            throw new ServerUnavailableException("data channels to other nodes are switched off here (--no-direct)");
        if (!options.Plaintext && fingerprint.Length == 0)
            throw new ServerUnavailableException($"{node.Host}:{node.Port} has no certificate, and this client speaks plaintext only where it is told to");
        using var timeout = new CancellationTokenSource(Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        RelayEnd? end = null;
        try
        {
            end = await ConnectAsync(IPAddress.TryParse(node.Host, out IPAddress? address) ? new IPEndPoint(address, node.Port) : node, either.Token);
            return options.Plaintext ? end : await TlsEnd.AuthenticateAsClientAsync(end, trust.CreateNodeOptions(fingerprint), either.Token);
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException or AuthenticationException)
        {
            end?.Abort();
            cancellationToken.ThrowIfCancellationRequested();
            throw new ServerUnavailableException(e is AuthenticationException
                ? $"what answers at {NameOf(node)} does not show the certificate that the server has told of"
                : Explain(e, isConnected: end is not null, NameOf(node)));
        }
        catch
        {
            end?.Abort();
            throw;
        }
    }

    private async Task<RelayEnd> ConnectAsync(EndPoint server, CancellationToken cancellationToken)
    {
        Socket socket = server is IPEndPoint { AddressFamily: var family }
            ? new Socket(family, SocketType.Stream, ProtocolType.Tcp)
            : new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.NoDelay = true;
            SocketTuning.BoundBuffers(socket, options.SocketBuffer);
            await socket.ConnectAsync(server, cancellationToken);
            SocketTuning.ProbeIdlePeers(socket);
            return new SocketEnd(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    // Null where the server shows another certificate than it did to the control channel.
    private async Task<RelayEnd?> SecureDataAsync(RelayEnd end, CancellationToken cancellationToken)
    {
        var verdict = new TrustVerdict();
        try
        {
            return await TlsEnd.AuthenticateAsClientAsync(end, trust.CreateDataOptions(verdict), cancellationToken);
        }
        catch (AuthenticationException) when (verdict.Refusal is not null)
        {
            return null;
        }
        catch (AuthenticationException e)
        {
            throw new ServerUnavailableException($"the TLS handshake of a data channel with {options.Host}:{options.Port} failed: {e.Message}");
        }
    }

    private async Task<RelayEnd> SecureControlAsync(RelayEnd end, CancellationToken cancellationToken)
    {
        var verdict = new TrustVerdict();
        SslClientAuthenticationOptions tls = trust.CreateControlOptions(verdict);
        byte[] first = new byte[Stranger.Length];
        // Begun before the handshake's first read, so that it is served first and sees what that one takes.
        Task<int> peek = PeekAsync(end.Socket, first, cancellationToken);
        try
        {
            return await TlsEnd.AuthenticateAsClientAsync(end, tls, cancellationToken);
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            end.Abort();
            int seen = await peek;
            if (verdict.Refusal is { } refusal)
                throw new TunnelFailedException(refusal);
            if (e is AuthenticationException || (seen > 0 && !Stranger.SpeaksTls(first)))
                throw Stranger.At(options.Host, options.Port, first.AsSpan(0, seen));
            throw;
        }
        catch
        {
            end.Abort();
            await peek;
            throw;
        }
    }

    /// <summary>Looks at the first bytes without taking them; how many there are.</summary>
    private static async Task<int> PeekAsync(Socket socket, byte[] first, CancellationToken cancellationToken)
    {
        try
        {
            return await socket.ReceiveAsync(first, SocketFlags.Peek, cancellationToken);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            return 0; // The handshake fails for the same reason, and reports it.
        }
    }

    private static string NameOf(EndPoint server) => server is DnsEndPoint name ? $"{name.Host}:{name.Port}" : server.ToString()!;

    private static string Explain(Exception exception, bool isConnected, string server) => exception switch
    {
        OperationCanceledException when isConnected => $"{server} accepts the connection but says nothing; see that it is the control port",
        OperationCanceledException => $"{server} does not answer",
        _ when isConnected => $"{server} broke the connection off during the TLS handshake; see that it is the control port, and whether logins from this address have failed too often, which keeps it out for up to ten minutes",
        SocketException { SocketErrorCode: SocketError.ConnectionRefused } => $"nothing listens at {server}",
        SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain } => $"the host name of {server} cannot be resolved",
        _ => $"{server} cannot be reached: {exception.Message}",
    };
}
