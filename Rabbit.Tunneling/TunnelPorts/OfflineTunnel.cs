using System.IO.Pipelines;
using Microsoft.Extensions.Options;
using Rabbit.Tunneling.OfflineReplies;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.State;

namespace Rabbit.Tunneling.TunnelPorts;

/// <summary>
/// Serves connections on a port whose client is away: a connection that authenticates becomes the client, everybody else is
/// told, in its own protocol, that the client is away.
/// </summary>
internal sealed class OfflineTunnel(
    ReturningClient returning, VisitorAdmission admission, VisitorAnswers answers, AbortSignal abortEverything, IOptions<TunnelingOptions> options,
    TimeProvider time)
{
    // While a visitor waits, this much of what it says is looked at to notice that it has gone; the rest stays in the kernel.
    private const int HeldBytes = 16 * 1024;

    /// <summary>Handles the connection to its end; false when a client came back first and can serve it.</summary>
    public async Task<bool> TryAnswerAsync(Visitor visitor)
    {
        visitor.Session = null;
        CancellationToken live = visitor.Tunnel.BecameLive;
        if (live.IsCancellationRequested)
            return false;

        using var late = new CancellationTokenSource(options.Value.OfflineDetectTimeout, time);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(live, abortEverything.Token, late.Token);
        try
        {
            TimeSpan hold = visitor.Tunnel.Hold;
            VisitorProtocol protocol = VisitorAnswers.SpeaksFirst(visitor)
                ? VisitorProtocol.Unknown
                : await VisitorWords.ReadAsync(visitor.Incoming, deadline.Token);
            if (live.IsCancellationRequested)
                return false;
            if (ReturningClient.Speaks(protocol))
            {
                await returning.ServeAsync(visitor.Incoming, protocol);
                return true;
            }
            // Not before it is known to be a visitor: the client is welcome whatever the rules for visitors are.
            if (await admission.RefuseUnlessAdmittedAsync(visitor))
                return true;
            if (hold > TimeSpan.Zero)
            {
                if (!visitor.Tunnel.Port.Visitors.TryPark(options.Value.PendingVisitors))
                {
                    await answers.AnswerAsync(visitor, OfflineReason.TooManyVisitors, ConnectionStatus.Refused, "too many wait for the client");
                    return true;
                }
                try
                {
                    if (await HoldAsync(visitor.Incoming.Transport.Input, hold, live, visitor.Tunnel.Port.Stopped))
                        return false;
                }
                finally
                {
                    visitor.Tunnel.Port.Visitors.Unpark();
                }
                await answers.AnswerAsync(visitor, OfflineReason.ClientAway, ConnectionStatus.Refused, "client away, also at the end of the hold");
                return true;
            }
            await answers.AnswerAsync(visitor, protocol, OfflineReason.ClientAway, ConnectionStatus.Refused, "client away");
        }
        catch (Exception e) when (VisitorAnswers.IsGone(e, visitor))
        {
            visitor.Record(ConnectionStatus.Error, "left before it could be answered");
        }
        return true;
    }

    /// <summary>Waits for the client, unless the server stops; true when it has come. Nothing that the visitor says is consumed.</summary>
    /// <exception cref="IOException">The visitor has gone.</exception>
    private async Task<bool> HoldAsync(PipeReader input, TimeSpan hold, CancellationToken live, CancellationToken stopped)
    {
        using var over = new CancellationTokenSource(hold, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(live, stopped, over.Token);
        try
        {
            while (true)
            {
                ReadResult result = await input.ReadAsync(end.Token);
                bool isAll = result.IsCompleted || result.Buffer.Length >= HeldBytes;
                input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                if (isAll)
                    await Task.Delay(Timeout.InfiniteTimeSpan, time, end.Token);
            }
        }
        catch (OperationCanceledException)
        {
            return live.IsCancellationRequested;
        }
    }
}
