using System.Collections.Concurrent;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using Rabbit.Protocol;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Messages;
using Rabbit.Protocol.Relay;
using Rabbit.Protocol.Transport;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.Telemetry;
using Rabbit.Tunneling.Transport;
using Rabbit.Tunneling.TunnelPorts;

namespace Rabbit.Tunneling.Cluster;

/// <summary>
/// The owner's side of forwarded streams: each waits for a visitor of another node, gets a data channel of this node's own session, and is
/// relayed. Never forwards again. Who the visitor is, its limits and its row are the other node's.
/// </summary>
internal sealed class ForwardedVisitors(
    TunnelRegistry registry, OpeningVisitors opening, VanishedPeers vanished, ClusterMetrics metrics, IOptions<TunnelingOptions> options, TimeProvider time)
{
    private static readonly TimeSpan GoodbyeTimeout = TimeSpan.FromSeconds(2);
    private static readonly byte[] AcceptedFrame = Frame.Encode(default(Accepted));

    private readonly ConnectionTracker _visitors = new();
    private readonly ConcurrentDictionary<TunnelSession, CancellationTokenSource> _ended = new();

    /// <summary>Visitors of other nodes that are being served.</summary>
    public int Count => _visitors.Count;

    /// <summary>Completes when there are none.</summary>
    public Task WhenIdleAsync() => _visitors.WhenIdleAsync();

    /// <summary>Serves a stream to its end, and closes it.</summary>
    public async Task ServeAsync(RelayEnd stream, ForwardHello hello)
    {
        try
        {
            TunnelSession? session = FindSession(hello);
            if (session is null || await WaitAsync(session, stream) is not { } start || !session.TryBeginVisitor())
            {
                await RefuseAsync(stream, NotOwner);
                return;
            }
            _visitors.Begin();
            try
            {
                await ServeAsync(session, stream, start);
            }
            finally
            {
                _visitors.End();
                session.EndVisitor();
            }
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or ProtocolException or StreamLeftException)
        {
            // The other node has closed the stream, or broke off.
        }
        finally
        {
            await stream.DisposeAsync();
        }
    }

    private static Refused NotOwner => new(RefusedReason.NotOwner, "another node serves the tunnel");

    private TunnelSession? FindSession(in ForwardHello hello) =>
        registry.FindTunnel(hello.TokenId)?.Session is { } session and not RemoteSession && (ulong)session.Record.Epoch == hello.Epoch ? session : null;

    /// <summary>The visitor's Start; null when the session ended first.</summary>
    /// <exception cref="StreamLeftException">The other node wants the stream no more.</exception>
    private async Task<byte[]?> WaitAsync(TunnelSession session, RelayEnd stream)
    {
        try
        {
            if (await stream.ReadFrameAsync(ProtocolLimits.Payload, EndOf(session)) is not { } frame)
                throw new StreamLeftException();
            return Frame.Encode(frame.Read<Start>());
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    private CancellationToken EndOf(TunnelSession session)
    {
        if (!_ended.TryGetValue(session, out CancellationTokenSource? ended))
        {
            var made = new CancellationTokenSource();
            ended = _ended.GetOrAdd(session, made);
            if (ended == made)
                _ = session.Ending.ContinueWith(_ => End(session), TaskScheduler.Default);
        }
        return ended.Token;
    }

    private void End(TunnelSession session)
    {
        if (_ended.TryRemove(session, out CancellationTokenSource? ended))
            ended.Cancel();
    }

    private async Task ServeAsync(TunnelSession session, RelayEnd stream, byte[] start)
    {
        long begunAt = time.GetTimestamp();
        var counters = new RelayCounters();
        using IDisposable counted = metrics.Serve(counters);
        while (true)
        {
            if (session.Tunnel.Session != session || !await session.Tunnel.ConfirmAsync(session))
            {
                await RefuseAsync(stream, NotOwner);
                return;
            }
            long takenAt = time.GetTimestamp();
            var (channel, failure) = await TakeAsync(session);
            if (channel is null)
            {
                await RefuseAsync(stream, RefusalOf(failure));
                return;
            }
            if (!session.ChannelsAreFramed)
            {
                await stream.SendAsync(AcceptedFrame);
                using (vanished.Watch(stream, channel))
                    await DuplexRelay.RunAsync(stream, channel, counters, session.RelaysAborted);
                return;
            }
            await SendOrLeaveAsync(channel, start);
            var verdict = new ChannelVerdict(channel, opening, options.Value.ChannelTimeout, time);
            var relayOpening = new RelayOpening(() => PassAcceptedAsync(verdict, session, stream));
            RelayOutcome outcome;
            using (vanished.Watch(stream, channel))
                outcome = await DuplexRelay.RunAsync(stream, channel, counters, relayOpening, session.RelaysAborted);
            if (outcome != RelayOutcome.NotOpened)
                return;
            if (verdict.IsFenced)
            {
                await RefuseAsync(stream, NotOwner);
                return;
            }
            if (verdict.IsBroken)
            {
                stream.Abort(); // To the visitor's node it is a broken channel, like any other.
                return;
            }
            if (!verdict.IsUnreached || time.GetElapsedTime(begunAt) >= options.Value.ChannelTimeout)
            {
                await RefuseAsync(stream, RefusalOf(verdict));
                return;
            }
            stream.Unread(new System.Buffers.ReadOnlySequence<byte>(relayOpening.FirstBytes));
            counters.StartAToBOver();
            await session.ReplaceChannelsAsync(takenAt);
        }
    }

    private async ValueTask<(RelayEnd? Channel, ChannelFailure Failure)> TakeAsync(TunnelSession session)
    {
        opening.Begin();
        RelayEnd? channel = null;
        try
        {
            (channel, ChannelFailure failure) = await session.TakeChannelAsync();
            return (channel, failure);
        }
        finally
        {
            if (channel is null || !session.ChannelsAreFramed)
                opening.End();
        }
    }

    private static async ValueTask SendOrLeaveAsync(RelayEnd channel, byte[] start)
    {
        try
        {
            await channel.SendAsync(start);
        }
        catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException)
        {
            // The relay finds the channel broken.
        }
    }

    private static async ValueTask<bool> PassAcceptedAsync(ChannelVerdict verdict, TunnelSession session, RelayEnd stream)
    {
        if (!await verdict.ReadAsync())
            return false;
        // This process may have stood still since the channel was taken, long enough for another node to own the tunnel.
        verdict.IsFenced = !await session.Tunnel.ConfirmAsync(session);
        if (verdict.IsFenced)
            return false;
        await stream.SendAsync(AcceptedFrame);
        return true;
    }

    private static Refused RefusalOf(ChannelFailure failure) => failure switch
    {
        ChannelFailure.SessionEnded => NotOwner,
        ChannelFailure.TimedOut => new Refused(RefusedReason.NoChannel, "no data channel"),
        _ => new Refused(RefusedReason.ClientBusy, "no data channel"),
    };

    // What only nodes say is not believed of a client.
    private static Refused RefusalOf(ChannelVerdict verdict) => verdict.Refusal.Reason switch
    {
        0 when verdict.IsUnreached => new Refused(RefusedReason.NoChannel, verdict.Sentence),
        0 => new Refused(RefusedReason.TimedOut, verdict.Sentence),
        RefusedReason.ConnectionRefused or RefusedReason.TimedOut or RefusedReason.ClientBusy => verdict.Refusal,
        _ => verdict.Refusal with { Reason = RefusedReason.Unreachable },
    };

    private async Task RefuseAsync(RelayEnd stream, Refused refused)
    {
        using var late = new CancellationTokenSource(GoodbyeTimeout, time);
        await stream.SendAsync(Frame.Encode(refused), late.Token);
        await stream.LingerAsync(late.Token);
    }

    /// <summary>The other node closed a stream that no visitor had taken.</summary>
    private sealed class StreamLeftException : Exception;
}
