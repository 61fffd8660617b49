using Microsoft.Extensions.Options;
using Rabbit.Tunneling.ControlPort;
using Rabbit.Tunneling.OfflineReplies;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.Transport;

namespace Rabbit.Tunneling.TunnelPorts;

/// <summary>A client that logs in on its tunnel port, where it found nothing before, instead of on the control port.</summary>
internal sealed class ReturningClient(ClientLogin login, ServerTls tls, ServerNetworks networks, IOptions<TunnelingOptions> options, TimeProvider time)
{
    /// <summary>True for what clients say, and visitors do not.</summary>
    public static bool Speaks(VisitorProtocol protocol) => protocol is VisitorProtocol.NativeClient or VisitorProtocol.LegacyClient;

    /// <summary>Logs it in, if it can, and serves its session to the end.</summary>
    public async Task ServeAsync(IncomingConnection incoming, VisitorProtocol protocol)
    {
        if (!networks.AllowClient(incoming.Remote.Address))
            return;
        TunnelSession? session;
        using (var deadline = new CancellationTokenSource(options.Value.OfflineDetectTimeout, time))
        {
            if (protocol == VisitorProtocol.LegacyClient)
            {
                session = await login.AcceptLegacyAsync(incoming, incoming.LocalPort, deadline.Token);
            }
            else
            {
                if (await ControlProtocolDetector.DetectAsync(incoming.Transport.Input, deadline.Token) == ControlProtocol.Tls)
                    await incoming.SecureAsync(tls, deadline.Token);
                session = await login.AcceptNativeAsync(incoming, incoming.LocalPort, deadline.Token);
            }
        }
        if (session is not null)
            await login.ServeAsync(session, incoming);
    }
}
