using System.Buffers;
using System.Net;
using System.Net.Security;
using Microsoft.AspNetCore.Connections;
using Rabbit.Protocol.Transport;
using Rabbit.Tunneling.ControlPort;

namespace Rabbit.Tunneling.Transport;

/// <summary>
/// A connection whose peer is not known yet: bare at first, perhaps under TLS later, until a session or a relay detaches
/// it. Whoever creates it disposes it, which closes the connection unless it was detached.
/// </summary>
internal sealed class IncomingConnection : IAsyncDisposable
{
    private readonly IPEndPoint _peer;
    private DetachableTransport _transport;

    private IncomingConnection(RelayEnd end, IPEndPoint peer)
    {
        _transport = new DetachableTransport(end);
        _peer = peer;
        Remote = peer;
        Descriptor = (int)end.Socket.SafeHandle.DangerousGetHandle();
    }

    /// <summary>Whose connection it is: the peer, or on whose behalf the peer, a load balancer, has connected.</summary>
    public IPEndPoint Remote { get; private set; }

    /// <summary>
    /// The socket's descriptor when it was accepted. The kernel takes the lowest that is free (accept(2)), so that it tells how many are
    /// open at least.
    /// </summary>
    public int Descriptor { get; }

    /// <summary>The port that the peer dialled.</summary>
    public int LocalPort => ((IPEndPoint)_transport.End.Socket.LocalEndPoint!).Port;

    /// <summary>True once TLS protects it.</summary>
    public bool IsTls { get; private set; }

    /// <summary>Why the client's certificate, or that it has none, lets it in nowhere; null when it does not matter.</summary>
    public string? CertificateFault { get; private set; }

    /// <summary>The client that has authenticated on it and waits to log in later; null where none does.</summary>
    public StandbyClient? Standby { get; set; }

    /// <summary>The pipe to read the handshake from and to answer on.</summary>
    public DetachableTransport Transport => _transport;

    /// <summary>True when neither TLS nor the loopback interface protects what the peer sends.</summary>
    public bool IsExposed => !IsTls && !(IPAddress.IsLoopback(_peer.Address) && IPAddress.IsLoopback(Remote.Address));

    /// <summary>Takes the socket out of an accepted connection.</summary>
    public static IncomingConnection Take(ConnectionContext connection)
    {
        var accepted = (SocketConnection)connection;
        return new IncomingConnection(accepted.Detach(), Unmapped((IPEndPoint)accepted.RemoteEndPoint!));
    }

    /// <summary>The peer is a load balancer, and speaks for this one.</summary>
    public void IsOnBehalfOf(IPEndPoint visitor) => Remote = Unmapped(visitor);

    /// <summary>Runs the server's side of a TLS handshake; all that follows goes through it.</summary>
    /// <exception cref="System.Security.Authentication.AuthenticationException">The handshake failed.</exception>
    /// <exception cref="IOException">The peer left.</exception>
    public Task SecureAsync(ServerTls tls, CancellationToken cancellationToken) =>
        SecureAsync(tls.CreateOptions(fault => CertificateFault = fault), tls.MaxHandshakeBytes, cancellationToken);

    /// <inheritdoc cref="SecureAsync(ServerTls, CancellationToken)"/>
    public async Task SecureAsync(SslServerAuthenticationOptions options, int maxHandshakeBytes, CancellationToken cancellationToken)
    {
        RelayEnd lower = _transport.Detach();
        _transport = new DetachableTransport(lower);
        TlsEnd secured = await TlsEnd.AuthenticateAsServerAsync(lower, options, maxHandshakeBytes, cancellationToken);
        _transport.Detach();
        _transport = new DetachableTransport(secured);
        IsTls = true;
    }

    /// <summary>Gives the connection away, with all bytes that were read too far.</summary>
    public RelayEnd Detach() => _transport.Detach();

    /// <summary>Takes back a detached end that was not used up, with these bytes in front of what follows.</summary>
    public void Reattach(RelayEnd end, ReadOnlyMemory<byte> unread)
    {
        end.Unread(new ReadOnlySequence<byte>(unread));
        _transport = new DetachableTransport(end);
    }

    /// <summary>Sends a last message and makes sure that it arrives; the connection is then only to be disposed.</summary>
    public async Task AnswerAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        await _transport.End.SendAsync(message, cancellationToken);
        await _transport.End.LingerAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _transport.IsDetached ? ValueTask.CompletedTask : _transport.End.DisposeAsync();

    // A dual-mode socket reports IPv4 peers as ::ffff:a.b.c.d; logs and limits want a.b.c.d.
    private static IPEndPoint Unmapped(IPEndPoint endPoint) =>
        endPoint.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(endPoint.Address.MapToIPv4(), endPoint.Port) : endPoint;
}
