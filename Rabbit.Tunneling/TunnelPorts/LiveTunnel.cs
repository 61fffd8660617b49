using System.Diagnostics;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Messages;
using Rabbit.Protocol.Relay;
using Rabbit.Protocol.Transport;
using Rabbit.Tunneling.Cluster;
using Rabbit.Tunneling.OfflineReplies;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.State;
using Rabbit.Tunneling.Telemetry;

namespace Rabbit.Tunneling.TunnelPorts;

/// <summary>Serves visitors of a live tunnel: takes a data channel, starts it, relays, and writes down how it ended.</summary>
internal sealed class LiveTunnel(
    ITunnelDirectory directory, VisitorAnswers answers, WaitingVisitors waiting, OpeningVisitors opening, VanishedPeers vanished, TunnelingMetrics metrics,
    IOptions<TunnelingOptions> options, TimeProvider time)
{
    // A client that closes its channels without a word, time and again, is none that has just died.
    private const int MostBrokenChannels = 3;

    /// <summary>Serves the visitor to the end; false when the session ended before it could.</summary>
    public async Task<bool> TryServeAsync(TunnelSession session, Visitor visitor)
    {
        if (!session.TryBeginVisitor())
            return false;
        try
        {
            return await MayServeAsync(session) && await TryServeByAsync(session, visitor);
        }
        finally
        {
            session.EndVisitor();
        }
    }

    // What another node owns, that node confirms.
    private static ValueTask<bool> MayServeAsync(TunnelSession session) =>
        session is RemoteSession ? ValueTask.FromResult(true) : session.Tunnel.ConfirmAsync(session);

    private async Task<bool> TryServeByAsync(TunnelSession session, Visitor visitor)
    {
        visitor.Session = session;
        visitor.BeginSpan();
        long begunAt = time.GetTimestamp();
        int broken = 0;
        while (true)
        {
            long takenAt = time.GetTimestamp();
            opening.Begin();
            ValueTask<(RelayEnd? Channel, ChannelFailure Failure)> taking = TakeChannelAsync(session);
            visitor.Place?.Asked();
            var (channel, failure) = await taking;
            if (channel is null || !session.ChannelsAreFramed)
                opening.End();
            if (failure == ChannelFailure.SessionEnded)
                return false;
            // It would wait for a client that is away: also for one that has vanished, and whose session does not know it yet.
            if (failure == ChannelFailure.TimedOut && visitor.HoldLeft > TimeSpan.Zero)
                continue;
            if (channel is null)
            {
                waiting.Leave(visitor, WaitOutcome.Failed);
                await answers.AnswerAsync(
                    visitor, failure == ChannelFailure.TimedOut ? OfflineReason.NoChannel : OfflineReason.ClientBusy,
                    failure == ChannelFailure.TimedOut ? ConnectionStatus.Timeout : ConnectionStatus.Refused, "no data channel");
                return true;
            }

            // Nobody answers on a bare channel before the service does: what may have changed during the wait is asked now.
            if (!session.ChannelsAreFramed && !await MayServeAsync(session))
            {
                channel.Abort();
                return false;
            }
            visitor.Span?.AddEvent(new ActivityEvent("rabbit.channel.taken"));
            visitor.Record(ConnectionStatus.Active, "");
            if (!session.ChannelsAreFramed)
            {
                waiting.Leave(visitor, WaitOutcome.Served);
                await RelayBareAsync(session, visitor, channel);
                return true;
            }
            ChannelVerdict verdict = await RelayFramedAsync(session, visitor, channel);
            if (verdict.IsServed)
                return true;
            // What only another node says; of a client it is not believed.
            RefusedReason ofOwner = session is RemoteSession remote && remote.IsForwarded(channel) ? verdict.Refusal.Reason : default;
            if (ofOwner == RefusedReason.NotOwner)
                ((RemoteSession)session).Disown();
            // A client that is told to go closes its channels, also those that have just been given a visitor.
            bool isElsewhere = verdict.IsFenced || verdict.IsOwnerLost || ofOwner == RefusedReason.NotOwner || (verdict.IsBroken && session.Ending.IsCompleted);
            bool again = ofOwner == RefusedReason.NoChannel ? visitor.HoldLeft > TimeSpan.Zero
                : verdict.IsUnreached ? time.GetElapsedTime(begunAt) < options.Value.ChannelTimeout || visitor.HoldLeft > TimeSpan.Zero
                : isElsewhere || (verdict.IsBroken && ++broken < MostBrokenChannels);
            if (!again)
            {
                waiting.Leave(visitor, verdict.IsBroken || verdict.IsUnreached ? WaitOutcome.Failed : WaitOutcome.Served);
                await answers.AnswerAsync(visitor, verdict.Reason, verdict.Status, verdict.Sentence);
                return true;
            }
            visitor.Counters.StartAToBOver();
            if (isElsewhere)
                return false;
            if (verdict.IsUnreached)
                await session.ReplaceChannelsAsync(takenAt);
        }
    }

    private async Task RelayBareAsync(TunnelSession session, Visitor visitor, RelayEnd channel)
    {
        RelayEnd end = visitor.Incoming.Detach();
        using (vanished.Watch(end, channel))
            Finish(visitor, await DuplexRelay.RunAsync(end, channel, visitor.Counters, session.RelaysAborted));
    }

    private async ValueTask<(RelayEnd? Channel, ChannelFailure Failure)> TakeChannelAsync(TunnelSession session)
    {
        if (!metrics.TimesChannels)
            return await session.TakeChannelAsync();
        long started = time.GetTimestamp();
        ValueTask<(RelayEnd? Channel, ChannelFailure Failure)> taking = session.TakeChannelAsync();
        ChannelResult result = taking.IsCompleted ? ChannelResult.Hit : ChannelResult.Miss;
        var taken = await taking;
        // Who lost its session on the way goes on waiting for another.
        if (taken.Failure != ChannelFailure.SessionEnded)
            metrics.ChannelTaken(taken.Channel is null ? ChannelResult.Failed : result, time.GetElapsedTime(started));
        return taken;
    }

    /// <summary>
    /// Serves the visitor by this channel to the end, unless the client did not take it: then the visitor is as it was before, all that it
    /// said in front of what it will say.
    /// </summary>
    private async Task<ChannelVerdict> RelayFramedAsync(TunnelSession session, Visitor visitor, RelayEnd channel)
    {
        var start = new Start(visitor.Number, visitor.Incoming.Remote.Address.ToString(), (ushort)visitor.Incoming.Remote.Port, TraceContext.Of(visitor.Span));
        try
        {
            await channel.SendAsync(Frame.Encode(start));
        }
        catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException)
        {
            // The relay finds the channel broken and says so below.
        }

        RelayEnd end = visitor.Incoming.Detach();
        var verdict = new ChannelVerdict(channel, opening, session.AnswerTimeout(options.Value.ChannelTimeout), time)
        {
            OwnerLost = session is RemoteSession remote && remote.IsForwarded(channel) ? remote.OwnerLost : default,
        };
        bool isPlain = visitor.Place is null && (!directory.IsShared || session is RemoteSession);
        var relayOpening = new RelayOpening(isPlain ? verdict.ReadAsync : () => ReadAsync(verdict, session, visitor));
        RelayOutcome outcome;
        using (vanished.Watch(end, channel))
            outcome = await DuplexRelay.RunAsync(end, channel, visitor.Counters, relayOpening, session.RelaysAborted);
        verdict.IsServed = outcome != RelayOutcome.NotOpened;
        if (verdict.IsServed)
            Finish(visitor, outcome);
        else
            visitor.Incoming.Reattach(end, relayOpening.FirstBytes);
        return verdict;
    }

    private async ValueTask<bool> ReadAsync(ChannelVerdict verdict, TunnelSession session, Visitor visitor)
    {
        if (!await verdict.ReadAsync())
            return false;
        // This process may have stood still since the channel was taken, long enough for another node to own the tunnel.
        verdict.IsFenced = !await MayServeAsync(session);
        if (!verdict.IsFenced)
            waiting.Leave(visitor, WaitOutcome.Served);
        return !verdict.IsFenced;
    }

    private static void Finish(Visitor visitor, RelayOutcome outcome)
    {
        var (status, reason) = outcome switch
        {
            RelayOutcome.Completed => (ConnectionStatus.Closed, ""),
            RelayOutcome.ABroke => (ConnectionStatus.Error, "reset by the visitor"),
            RelayOutcome.BBroke => (ConnectionStatus.Error, "reset by the client or its service"),
            _ => (ConnectionStatus.Error, "aborted by the server"),
        };
        visitor.Record(status, reason);
    }
}
