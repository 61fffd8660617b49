using System.Net.Sockets;
using System.Security.Authentication;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Rabbit.Protocol.Transport;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.Transport;

namespace Rabbit.Tunneling.ControlPort;

/// <summary>
/// Owns one connection on the control port: finds out what it speaks, lets it authenticate within the handshake's deadline,
/// and then serves its session, keeps it as a standby until it wants one, or gives the data channel that it is to its session's pool.
/// </summary>
internal sealed partial class ControlPortHandler(
    ServerNetworks networks, HandshakeAdmission admission, KnownAddresses known, LoginPenalties penalties, DescriptorBudget descriptors, ServerTls tls,
    ClientLogin login, IOptions<TunnelingOptions> options, TimeProvider time, ILogger<ControlPortHandler> logger) : ConnectionHandler
{
    /// <inheritdoc/>
    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        await using var incoming = IncomingConnection.Take(connection);
        RelayEnd end = incoming.Transport.End;
        using HandshakeAdmission.Place? place = MayEnter(incoming) ? admission.TryEnter(incoming.Remote.Address, end.Abort) : null;
        if (place is null)
        {
            incoming.Detach().Abort();
            return;
        }

        try
        {
            TunnelSession? session;
            using (var deadline = new CancellationTokenSource(options.Value.HandshakeTimeout, time))
                session = await AuthenticateAsync(incoming, place, deadline.Token);
            place.Dispose();
            session ??= await login.AwaitStandbyAsync(incoming);
            if (session is not null)
                await login.ServeAsync(session, incoming);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException or AuthenticationException
            || (e is ObjectDisposedException && place.IsDropped))
        {
            LogHandshakeFailed(incoming.Remote, e.Message);
            Penalize(incoming, place, e is OperationCanceledException ? LoginPenalties.TooSlow : LoginPenalties.NoLogin);
        }
    }

    // Who has sent a reset by the time that it is accepted costs no more than that: otherwise a flood of them fills the kernel's queue, and a
    // client's connections are dropped there and come a second later.
    private bool MayEnter(IncomingConnection incoming) =>
        !incoming.Transport.End.EndIsReset && networks.AllowClient(incoming.Remote.Address) && !descriptors.DropsClient(incoming);

    private async Task<TunnelSession?> AuthenticateAsync(
        IncomingConnection incoming, HandshakeAdmission.Place place, CancellationToken cancellationToken)
    {
        ControlProtocol protocol = await ControlProtocolDetector.DetectAsync(incoming.Transport.Input, cancellationToken);
        if (protocol == ControlProtocol.Tls)
        {
            await incoming.SecureAsync(tls, cancellationToken);
            protocol = await ControlProtocolDetector.DetectAsync(incoming.Transport.Input, cancellationToken);
        }
        switch (protocol)
        {
            case ControlProtocol.Native or ControlProtocol.NativeOtherVersion:
                return await login.AcceptNativeAsync(incoming, requiredPort: null, cancellationToken);
            case ControlProtocol.Legacy:
                return await login.AcceptLegacyAsync(incoming, requiredPort: null, cancellationToken);
            case ControlProtocol.Http:
                Penalize(incoming, place, LoginPenalties.NoLogin);
                await incoming.AnswerAsync(ControlPortReplies.Http, cancellationToken);
                return null;
            case ControlProtocol.Unknown or ControlProtocol.Tls:
                Penalize(incoming, place, LoginPenalties.NoLogin);
                await incoming.AnswerAsync(ControlPortReplies.Unknown, cancellationToken);
                return null;
            default:
                return null;
        }
    }

    // The data channels of a known address may break at any time, and who was dropped may have been about to log in.
    private void Penalize(IncomingConnection incoming, HandshakeAdmission.Place place, TimeSpan penalty)
    {
        if (place is { IsStranger: true, IsDropped: false } && !known.Contain(incoming.Remote.Address))
            penalties.Add(incoming.Remote.Address, penalty);
    }

    [LoggerMessage(EventIds.HandshakeFailed, LogLevel.Debug, "Handshake with {Remote} failed: {Reason}")]
    private partial void LogHandshakeFailed(System.Net.IPEndPoint remote, string reason);
}
