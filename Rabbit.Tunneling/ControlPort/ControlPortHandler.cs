using System.Net.Sockets;
using System.Security.Authentication;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.Transport;

namespace Rabbit.Tunneling.ControlPort;

/// <summary>
/// Owns one connection on the control port: finds out what it speaks, lets it authenticate within the handshake's deadline,
/// and then serves its session, or gives the data channel that it is to its session's pool.
/// </summary>
internal sealed partial class ControlPortHandler(
    HandshakeAdmission admission, ServerTls tls, ClientLogin login, IOptions<TunnelingOptions> options, TimeProvider time,
    ILogger<ControlPortHandler> logger) : ConnectionHandler
{
    /// <inheritdoc/>
    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        await using var incoming = IncomingConnection.Take(connection);
        using HandshakeAdmission.Place? place = admission.TryEnter(incoming.Remote.Address);
        if (place is null)
        {
            incoming.Detach().Abort();
            return;
        }

        try
        {
            TunnelSession? session;
            using (var deadline = new CancellationTokenSource(options.Value.HandshakeTimeout, time))
                session = await AuthenticateAsync(incoming, deadline.Token);
            place.Dispose();
            if (session is not null)
                await login.ServeAsync(session, incoming);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException or AuthenticationException)
        {
            LogHandshakeFailed(incoming.Remote, e.Message);
        }
    }

    private async Task<TunnelSession?> AuthenticateAsync(IncomingConnection incoming, CancellationToken cancellationToken)
    {
        ControlProtocol protocol = await ControlProtocolDetector.DetectAsync(incoming.Transport.Input, cancellationToken);
        if (protocol == ControlProtocol.Tls)
        {
            await incoming.SecureAsync(tls.Options, cancellationToken);
            protocol = await ControlProtocolDetector.DetectAsync(incoming.Transport.Input, cancellationToken);
        }
        switch (protocol)
        {
            case ControlProtocol.Native or ControlProtocol.NativeOtherVersion:
                return await login.AcceptNativeAsync(incoming, requiredPort: null, cancellationToken);
            case ControlProtocol.Legacy:
                return await login.AcceptLegacyAsync(incoming, requiredPort: null, cancellationToken);
            case ControlProtocol.Http:
                await incoming.AnswerAsync(ControlPortReplies.Http, cancellationToken);
                return null;
            case ControlProtocol.Unknown or ControlProtocol.Tls:
                await incoming.AnswerAsync(ControlPortReplies.Unknown, cancellationToken);
                return null;
            default:
                return null;
        }
    }

    [LoggerMessage(EventIds.HandshakeFailed, LogLevel.Debug, "Handshake with {Remote} failed: {Reason}")]
    private partial void LogHandshakeFailed(System.Net.IPEndPoint remote, string reason);
}
