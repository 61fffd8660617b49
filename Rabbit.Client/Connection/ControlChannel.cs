using System.IO.Pipelines;
using System.Net.Sockets;
using Rabbit.Client.Health;
using Rabbit.Client.Status;
using Rabbit.Protocol;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Messages;
using Rabbit.Protocol.Transport;

namespace Rabbit.Client.Connection;

/// <summary>One session's control channel: heartbeats both ways, the server's requests for data channels, its cluster's nodes, and the local service's health.</summary>
internal sealed class ControlChannel(
    ServerHello hello, DataChannels channels, ServerPlaces places, HealthWatch? health, TunnelStatus status, TimeProvider time)
{
    private const int QueueCapacity = 4096;
    private static readonly TimeSpan SupersededAtLeast = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan GoodbyeTimeout = TimeSpan.FromSeconds(1);

    private readonly ControlWriter _writer = new(QueueCapacity);
    private readonly RoundTrip _roundTrip = new(status, time);

    /// <summary>
    /// Serves the channel until the server ends it. Returns only when <paramref name="cancellationToken"/> asked for the end,
    /// after telling the server.
    /// </summary>
    /// <exception cref="ServerUnavailableException">The server is gone, or sent us away for now.</exception>
    /// <exception cref="TunnelFailedException">The server sent us away for good.</exception>
    public async Task RunAsync(DetachableTransport transport, CancellationToken cancellationToken)
    {
        using var silent = new CancellationTokenSource();
        using var reading = CancellationTokenSource.CreateLinkedTokenSource(silent.Token, cancellationToken);
        using var writing = new CancellationTokenSource();
        bool sayGoodbye = false;
        await using var silence = new SilenceWatch(hello.Heartbeat, hello.DeadAfter, silent.Cancel, time);
        Task writer = _writer.RunAsync(transport.Output, writing.Token);
        // The first heartbeat is not due yet; how far away the server is, people want to see at once.
        _writer.TryPost(_roundTrip.Begin());
        channels.Open(hello.PoolSize, _writer);
        health?.Attach(hello.Service, _writer);
        await using ITimer heartbeat = time.CreateTimer(_ => _writer.TryPost(_roundTrip.Begin()), null, hello.Heartbeat / 2, hello.Heartbeat);
        try
        {
            await ReadAsync(transport.Input, silence, heartbeat, reading.Token);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            _writer.TryPost(new Disconnect("The client was stopped."));
            sayGoodbye = true;
        }
        catch (OperationCanceledException)
        {
            // Where only one direction is broken a reset arrives, whereas an end would wait behind what was not acknowledged.
            transport.End.Abort();
            throw new ServerUnavailableException($"nothing heard for {hello.DeadAfter.TotalSeconds:0} s");
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            throw new ServerUnavailableException("the connection broke");
        }
        catch (ProtocolException e)
        {
            throw new ServerUnavailableException($"the server broke the protocol: {e.Message}");
        }
        finally
        {
            health?.Detach(_writer);
            _writer.Complete();
            writing.CancelAfter(GoodbyeTimeout);
            await writer;
            if (sayGoodbye)
                await transport.End.LingerAsync(writing.Token); // What the server sent and nobody reads would reset the goodbye away.
        }
    }

    private async Task ReadAsync(PipeReader input, SilenceWatch silence, ITimer heartbeat, CancellationToken cancellationToken)
    {
        while (await input.ReadFrameAsync(ProtocolLimits.Payload, cancellationToken) is { } frame)
        {
            silence.Heard();
            switch (frame.Type)
            {
                case FrameType.Ping:
                    // Our own come in the middle between the server's: the shorter nothing is said, the better silence tells when the path broke.
                    heartbeat.Change(hello.Heartbeat / 2, hello.Heartbeat);
                    _writer.TryPost(new Pong(frame.Read<Ping>().Number));
                    break;
                case FrameType.NeedChannels:
                    channels.Open(frame.Read<NeedChannels>().Count, _writer);
                    break;
                case FrameType.OpenChannelsAt:
                    channels.OpenAt(frame.Read<OpenChannelsAt>(), _writer);
                    break;
                case FrameType.Nodes:
                    places.Become(frame.Read<Nodes>());
                    status.LoggedInAt(places.Active);
                    break;
                case FrameType.GoAway:
                    throw Explain(frame.Read<GoAway>());
                case FrameType.Pong:
                    _roundTrip.End(frame.Read<Pong>());
                    break;
                default:
                    if (Enum.IsDefined(frame.Type))
                        throw new ProtocolException($"a {frame.Type} frame on the control channel.");
                    break; // From a newer server.
            }
        }
        throw new ServerUnavailableException("the server closed the connection");
    }

    private static Exception Explain(GoAway goAway) => goAway.Reason switch
    {
        GoAwayReason.Revoked or GoAwayReason.Expired or GoAwayReason.Protocol => new TunnelFailedException(ServerText.Escape(goAway.Sentence)),
        GoAwayReason.Superseded => new ServerUnavailableException(
            ServerText.Escape(goAway.Sentence), goAway.RetryAfter > SupersededAtLeast ? goAway.RetryAfter : SupersededAtLeast, yield: true),
        // A server that stops says when to come: another process serves there already, or will soon.
        _ => new ServerUnavailableException(
            ServerText.Escape(goAway.Sentence), goAway.RetryAfter, comeAtOnce: goAway.Reason == GoAwayReason.Shutdown || goAway.RetryAfter == TimeSpan.Zero)
        {
            Host = goAway.Host,
        },
    };
}
