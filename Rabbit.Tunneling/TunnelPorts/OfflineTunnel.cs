using Microsoft.Extensions.Options;
using Rabbit.Tunneling.OfflineReplies;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.State;

namespace Rabbit.Tunneling.TunnelPorts;

/// <summary>
/// Serves connections on a port whose client is away, and where nobody waits for it: a connection that authenticates becomes the client,
/// everybody else is told, in its own protocol, that the client is away.
/// </summary>
internal sealed class OfflineTunnel(
    ReturningClient returning, VisitorAdmission admission, VisitorAnswers answers, AbortSignal abortEverything, IOptions<TunnelingOptions> options,
    TimeProvider time)
{
    /// <summary>Handles the connection to its end; false when a client came back first and can serve it.</summary>
    public async Task<bool> TryAnswerAsync(Visitor visitor)
    {
        visitor.Session = null;
        CancellationToken live = visitor.Tunnel.Absence.BecameLive;
        if (live.IsCancellationRequested)
            return false;

        using var late = new CancellationTokenSource(options.Value.OfflineDetectTimeout, time);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(live, abortEverything.Token, late.Token);
        try
        {
            VisitorProtocol said = VisitorAnswers.SpeaksFirst(visitor)
                ? VisitorProtocol.Unknown
                : await VisitorWords.ReadAsync(visitor.Incoming, deadline.Token);
            if (live.IsCancellationRequested)
                return false;
            if (ReturningClient.Speaks(said))
                await returning.ServeAsync(visitor.Incoming, said);
            // Not before it is known to be a visitor: the client is welcome whatever the rules for visitors are.
            else if (!await admission.RefuseUnlessAdmittedAsync(visitor))
                await answers.AnswerAsync(visitor, said, OfflineReason.ClientAway, ConnectionStatus.Refused, "client away");
        }
        catch (Exception e) when (VisitorAnswers.IsGone(e, visitor))
        {
            visitor.Record(ConnectionStatus.Error, "left before it could be answered");
        }
        return true;
    }
}
