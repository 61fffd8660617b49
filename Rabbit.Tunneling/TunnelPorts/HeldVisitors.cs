using System.IO.Pipelines;
using Microsoft.Extensions.Options;
using Rabbit.Protocol.Transport;
using Rabbit.Tunneling.OfflineReplies;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.State;
using Rabbit.Tunneling.Telemetry;

namespace Rabbit.Tunneling.TunnelPorts;

/// <summary>
/// Has visitors wait for a client that is away, for as long as their token says, each in its place (<see cref="WaitingLine"/>). Nothing
/// that they say is consumed. The client itself is welcome here too.
/// </summary>
internal sealed class HeldVisitors(
    ReturningClient returning, VisitorAdmission admission, VisitorAnswers answers, WaitingVisitors waiting, AbortSignal abortEverything,
    IOptions<TunnelingOptions> options, TimeProvider time)
{
    // This much of what a visitor says is read, to know it and to notice that it leaves; the rest stays in the kernel, which stops it.
    private const int HeldBytes = 4 * 1024;

    // Who has said more cannot be read from. How often it is looked whether it is still there.
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);

    /// <summary>Handles the connection to its end; false when the client has come and can serve it.</summary>
    public async Task<bool> TryAnswerAsync(Visitor visitor)
    {
        visitor.Session = null;
        visitor.Place?.Return();
        bool hasPlace = visitor.Place is not null || waiting.TryJoin(visitor);
        CancellationToken released = visitor.Place?.Released ?? CancellationToken.None;
        CancellationToken stopped = visitor.Tunnel.Port.Stopped;
        // Behind others whose client is there already it waits as long as for a channel, whatever its token says now.
        TimeSpan patience = visitor.HoldLeft > TimeSpan.Zero || visitor.Tunnel.Session is null ? visitor.HoldLeft : options.Value.ChannelTimeout;
        using var over = new CancellationTokenSource(patience > TimeSpan.Zero ? patience : TimeSpan.Zero, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(released, stopped, abortEverything.Token, over.Token);
        try
        {
            VisitorProtocol said = await HearAsync(visitor, end.Token);
            if (released.IsCancellationRequested)
                return false;
            if (ReturningClient.Speaks(said))
            {
                waiting.Leave(visitor, null);
                await returning.ServeAsync(visitor.Incoming, said);
                return true;
            }
            // Not before it is known to be a visitor: the client is welcome whatever the rules for visitors are.
            if (await admission.RefuseUnlessAdmittedAsync(visitor))
                return true;
            if (!hasPlace)
            {
                waiting.Refuse();
                await answers.AnswerAsync(visitor, OfflineReason.TooManyVisitors, ConnectionStatus.Refused, "too many wait for the client");
                return true;
            }
            bool isHere = await WatchAsync(visitor.Incoming.Transport, end.Token);
            bool isClosing = stopped.IsCancellationRequested || abortEverything.Token.IsCancellationRequested;
            // Its time may be over, but not while only others are before it: once the client is there nobody is told that it is away.
            if (released.IsCancellationRequested || (isHere && !isClosing && visitor.Tunnel.Session is not null))
                return false;
            await EndAsync(visitor, isHere, stopped);
        }
        catch (Exception e) when (VisitorAnswers.IsGone(e, visitor))
        {
            waiting.Leave(visitor, WaitOutcome.Left);
            visitor.Record(ConnectionStatus.Error, "left while it waited for the client");
        }
        return true;
    }

    /// <summary>What it says within the time in which a client would.</summary>
    private async Task<VisitorProtocol> HearAsync(Visitor visitor, CancellationToken end)
    {
        using var late = new CancellationTokenSource(options.Value.OfflineDetectTimeout, time);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(end, late.Token);
        return await VisitorWords.ReadAsync(visitor.Incoming, deadline.Token);
    }

    /// <summary>Waits for the end; false when the visitor has ended its direction before, in a protocol in which it then wants nothing more.</summary>
    /// <exception cref="IOException">The visitor has gone.</exception>
    private async Task<bool> WatchAsync(DetachableTransport transport, CancellationToken end)
    {
        PipeReader input = transport.Input;
        bool mayHalfClose = false;
        try
        {
            ReadResult result;
            do
            {
                result = await input.ReadAsync(end);
                mayHalfClose = VisitorWords.Sniff(result.Buffer) == VisitorProtocol.Unknown;
                bool isFull = result.Buffer.Length >= HeldBytes;
                input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                if (isFull)
                    break;
            }
            while (!result.IsCompleted);

            if (!OperatingSystem.IsLinux())
                await Task.Delay(Timeout.InfiniteTimeSpan, time, end);
            while (TcpState.TryRead(transport.End.Socket, out TcpState state) && state.Connection != TcpConnection.Closed)
            {
                if (state.Connection == TcpConnection.EndedByPeer && !mayHalfClose)
                    return false;
                await Task.Delay(LookAgain, time, end);
            }
            throw new IOException("The visitor has gone.");
        }
        catch (OperationCanceledException)
        {
            return true;
        }
    }

    private Task EndAsync(Visitor visitor, bool isHere, CancellationToken stopped)
    {
        var (outcome, reason, status, logged) = this switch
        {
            // Told nevertheless: a few programs end their direction and go on reading.
            _ when !isHere => (WaitOutcome.Left, OfflineReason.ClientAway, ConnectionStatus.Error, "left while it waited for the client"),
            _ when stopped.IsCancellationRequested =>
                (WaitOutcome.Closed, OfflineReason.PortClosed, ConnectionStatus.Refused, "the port was closed while it waited for the client"),
            _ when abortEverything.Token.IsCancellationRequested => (WaitOutcome.Closed, OfflineReason.PortClosed, ConnectionStatus.Error, "aborted by the server"),
            _ => (WaitOutcome.Expired, OfflineReason.ClientAway, ConnectionStatus.Refused, "client away, also at the end of the hold"),
        };
        waiting.Leave(visitor, outcome);
        VisitorProtocol said = VisitorWords.Rewind(visitor.Incoming.Transport.Input);
        return answers.AnswerAsync(visitor, said, reason, status, logged);
    }
}
