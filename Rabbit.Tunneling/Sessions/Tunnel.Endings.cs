using System.Net;
using Rabbit.Protocol.Messages;
using Rabbit.Tunneling.Cluster;
using Rabbit.Tunneling.Events;
using Rabbit.Tunneling.State;

namespace Rabbit.Tunneling.Sessions;

/// <summary>How a tunnel and its sessions end by what others decide: its team, an operator, time, another node.</summary>
internal sealed partial class Tunnel
{
    /// <summary>
    /// The token was changed: what no longer holds for the session ends. False when its client may not be connected from where it is,
    /// so that the whole tunnel is to be ended.
    /// </summary>
    public bool Apply(TokenRecord current)
    {
        TunnelSession? session;
        lock (_lock)
        {
            if (current.Revision > Token.Revision)
                Token = current;
            session = _session;
        }
        port.Visitors.Expel(Token.Rules);
        // Of another node's client that node decides.
        if (session is not null and not RemoteSession && !Token.Rules.AllowClient(IPEndPoint.Parse(session.Record.ClientAddress).Address))
            return false;
        EndSessionOfOldSecret();
        return true;
    }

    /// <summary>Ends the session if it was logged in with a secret that is not valid any more; a client with the new one is welcome.</summary>
    public void EndSessionOfOldSecret()
    {
        if (Session is { } session and not RemoteSession && !Token.Accepts(session.SecretHash.Span, time.GetUtcNow()))
            Expel(session, SessionEnd.Rotated, "", Goodbyes.Rotated);
    }

    /// <summary>
    /// Closes this session for an operator; false when it is not, or no longer, this tunnel's. One of another node is stored as ended, which
    /// that node finds within seconds.
    /// </summary>
    public async Task<bool> CloseSessionAsync(Guid sessionId, string reason)
    {
        TunnelSession? session;
        lock (_lock)
        {
            if (_last?.SessionId != sessionId)
                return false;
            session = _session;
            if (session is null or RemoteSession)
            {
                _ = store.SaveAsync(new SessionChange.Ended(sessionId, _epoch, time.GetUtcNow(), $"{SessionEndText.Of(SessionEnd.Closed)}: {reason}"));
                if (session is null)
                {
                    _last = null;
                    IsRestored = false;
                }
                return true;
            }
        }
        if (Expel(session, SessionEnd.Closed, reason, Goodbyes.Closed(reason)))
            await session.Left;
        return true;
    }

    // Out of the tunnel first: from here on it has no effect, whatever it still sends.
    private bool Expel(TunnelSession session, SessionEnd end, string why, in GoAway goAway)
    {
        if (!Detach(session, end, why))
            return false;
        session.End(end, goAway);
        session.AbortRelays();
        return true;
    }

    /// <summary>
    /// The stored session was ended by another node: it is not gone on with. A client that is connected for it goes where an operator wants
    /// that; else it has been superseded, which its route tells.
    /// </summary>
    public void ForgetEnded(EndedSession ended)
    {
        TunnelSession? session;
        lock (_lock)
        {
            if (_last?.SessionId != ended.SessionId || _last.Epoch != ended.Epoch || _session is RemoteSession)
                return;
            session = _session;
            if (session is null)
            {
                _last = null;
                IsRestored = false;
            }
        }
        if (session is not null && SessionEndText.WordsOfOperator(ended.Reason) is { } words)
            Expel(session, SessionEnd.Closed, words, Goodbyes.Closed(words));
    }

    /// <summary>The stored session was found stale; true when the tunnel is offline and has nothing left to wait for.</summary>
    public bool ForgetStale(Guid sessionId)
    {
        lock (_lock)
        {
            if (_session is not null || _last?.SessionId != sessionId)
                return false;
            _last = null;
            IsRestored = false;
        }
        Tell(TunnelEventTypes.TunnelClosed, "stale");
        return true;
    }

    /// <summary>Ends the tunnel for good: the session is told why, its relays are reset, and no login can attach any more.</summary>
    public void End(SessionEnd end, GoAway goAway)
    {
        TunnelSession? session;
        lock (_lock)
        {
            _ended = true;
            session = _session;
            if (session is null && _last is not null)
                _ = store.SaveAsync(new SessionChange.Ended(_last.SessionId, _epoch, time.GetUtcNow(), SessionEndText.Of(end)));
            if (session is RemoteSession)
                _session = null;
        }
        if (session is not null)
            Dismiss(session, end, goAway);
        _relays.Cancel();
        _relays.Dispose();
        Tell(TunnelEventTypes.TunnelClosed, SessionEndText.Of(end));
    }
}
