using System.Net.Sockets;
using System.Security.Authentication;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Rabbit.Protocol;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Messages;
using Rabbit.Tunneling.ControlPort;
using Rabbit.Tunneling.Transport;

namespace Rabbit.Tunneling.Cluster;

/// <summary>
/// Owns one connection of another node: lets it prove itself within the handshake's deadline, and serves the forwarded stream or the link
/// that it is. Who has no certificate of the cluster's authority gets nothing, and changes nothing.
/// </summary>
internal sealed partial class NodePortHandler(
    NodeTls tls, NodeAdmission admission, ForwardedVisitors visitors, NodeLinkHandler links, IOptions<TunnelingOptions> options, TimeProvider time,
    ILogger<NodePortHandler> logger) : ConnectionHandler
{
    private readonly OncePerSecond _strangerLogged = new(time);

    /// <inheritdoc/>
    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        await using var incoming = IncomingConnection.Take(connection);
        var peer = new NodeIdentity();
        try
        {
            Frame? hello;
            using (HandshakeAdmission.Place? place = admission.TryEnter(incoming))
            {
                if (place is null)
                {
                    incoming.Detach().Abort();
                    return;
                }
                using var deadline = new CancellationTokenSource(options.Value.HandshakeTimeout, time);
                await incoming.SecureAsync(tls.CreateServerOptions(peer), NodeTls.MaxHandshakeBytes, deadline.Token);
                hello = await incoming.Transport.Input.ReadFrameAsync(ProtocolLimits.UnauthenticatedPayload, deadline.Token);
                admission.Know(incoming);
            }
            if (hello is { Type: FrameType.ForwardHello } stream)
                await visitors.ServeAsync(incoming.Detach(), stream.Read<ForwardHello>());
            else if (hello is { } link)
                await links.ServeAsync(incoming, link.Read<NodeHello>(), peer);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException or AuthenticationException or ObjectDisposedException or ProtocolException)
        {
            if (_strangerLogged.TryPass())
                LogFailed(incoming.Remote, e.Message);
        }
    }

    [LoggerMessage(EventIds.NodeHandshakeFailed, LogLevel.Warning, "A connection from {Remote} to the port of the cluster's nodes has failed: {Reason}")]
    private partial void LogFailed(System.Net.IPEndPoint remote, string reason);
}
