using System.Diagnostics;
using System.Net;
using Rabbit.Protocol.Messages;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.State;

namespace Rabbit.Tunneling.Telemetry;

/// <summary>The span of one login on a control channel, from the hello to its answer.</summary>
internal sealed class LoginTrace(IPEndPoint remote, SessionProtocol protocol) : IDisposable
{
    private Activity? _span;
    private bool _isDecided;

    /// <summary>The hello is here.</summary>
    /// <param name="client">The client's span, if it has one.</param>
    public void Begin(TraceContext client = default)
    {
        _span = TunnelingTraces.StartLogin(client);
        if (_span is not { IsAllDataRequested: true })
            return;
        _span.SetTag("network.peer.address", remote.Address.ToString());
        _span.SetTag("network.peer.port", remote.Port);
        _span.SetTag("rabbit.session.protocol", protocol == SessionProtocol.Native ? "native" : "legacy");
    }

    /// <summary>The client has a session.</summary>
    public void Accepted(TunnelSession session, LoginKind kind)
    {
        _isDecided = true;
        if (_span is not { IsAllDataRequested: true })
            return;
        _span.SetTag("rabbit.login.kind", TunnelingMetrics.TextOf(kind));
        _span.SetTag("rabbit.session.id", session.Record.SessionId.ToString());
        _span.SetTag("rabbit.tunnel.port", session.Record.Port);
        _span.SetTag("rabbit.team.id", session.Tunnel.Token.TeamId);
    }

    /// <summary>The client is turned away, perhaps before its hello was read.</summary>
    public void Rejected(in Reject reject)
    {
        _isDecided = true;
        if (_span is null)
            Begin();
        _span?.SetTag("error.type", TunnelingMetrics.TextOf(reject.Code));
        _span?.SetStatus(ActivityStatusCode.Error, reject.Sentence);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_isDecided && _span is not null)
        {
            _span.SetTag("error.type", "_OTHER");
            _span.SetStatus(ActivityStatusCode.Error, "The client left, or did not finish in time.");
        }
        _span?.Dispose();
    }
}
