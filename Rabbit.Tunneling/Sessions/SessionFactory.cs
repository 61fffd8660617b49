using Microsoft.Extensions.Options;
using Rabbit.Tunneling.ControlPort;
using Rabbit.Tunneling.State;
using Rabbit.Tunneling.Telemetry;

namespace Rabbit.Tunneling.Sessions;

/// <summary>Makes the session object for a client that is being attached.</summary>
internal sealed class SessionFactory(
    IOptions<TunnelingOptions> options, TimeProvider time, LegacyChannels legacyChannels, ControlPortAddress controlPort,
    TunnelingMetrics metrics)
{
    /// <summary>What is stored of the session.</summary>
    public SessionRecord Describe(TokenRecord token, Guid id, long epoch, ClientDescription client) => new(
        id, token.TokenId, token.Port, epoch, client.Protocol, client.Address, client.Name, client.Software,
        client.LocalPort, options.Value.Node, time.GetUtcNow());

    /// <summary>The session that speaks the client's protocol.</summary>
    public TunnelSession Create(Tunnel tunnel, SessionRecord record, bool takesChannelsElsewhere = false) => record.Protocol switch
    {
        SessionProtocol.Native => new NativeSession(tunnel, record, options.Value, time, controlPort, metrics, takesChannelsElsewhere),
        _ => new LegacySession(tunnel, record, options.Value, time, legacyChannels),
    };
}
