using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Rabbit.Protocol;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Messages;
using Rabbit.Protocol.Transport;
using Rabbit.Tunneling.Telemetry;

namespace Rabbit.Tunneling.Cluster;

/// <summary>
/// The connection to a node that owns tunnels with visitors here: by it the node is known to live, and asked for data channels of its clients.
/// Made once; when it ends so have the sessions that use it. Any thread may call.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "A source without a timer holds nothing to free.")]
internal sealed partial class NodeLink(ClusterNode node, NodeDialer dialer, ITunnelDirectory directory, ClusterMetrics metrics, TimeProvider time, ILogger logger)
{
    /// <summary>Interval of its pings.</summary>
    public static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(1);

    /// <summary>Silence after which it has ended: less than a node's lease has.</summary>
    public static readonly TimeSpan DeadAfter = TimeSpan.FromSeconds(3.5);

    private const int QueueCapacity = 65_536;
    private static readonly TimeSpan DialTimeout = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan GoodbyeTimeout = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan KeptUnused = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<string, ForwardingSession> _users = new(StringComparer.Ordinal);
    private readonly ControlWriter _writer = new(QueueCapacity);
    private readonly TaskCompletionSource<bool> _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SilenceWatch? _silence;
    private long _usedAt = time.GetTimestamp();
    private bool _hasEnded;

    /// <summary>The node at the other end.</summary>
    public ClusterNode Node => node;

    /// <summary>True once both sides have answered, false when that has failed.</summary>
    public Task<bool> Connected => _connected.Task;

    /// <summary>Time since the node was heard last; without end while it has not been.</summary>
    public TimeSpan Silence => Volatile.Read(ref _silence)?.Silence ?? TimeSpan.MaxValue;

    /// <summary>Tells the session of what concerns it; false when the link has ended, and the session with it.</summary>
    public bool TryAttach(ForwardingSession session)
    {
        lock (_lock)
        {
            if (_hasEnded)
                return false;
            _users[session.Route.TokenId] = session;
            return true;
        }
    }

    /// <summary>The session has ended.</summary>
    public void Detach(ForwardingSession session)
    {
        _users.TryRemove(new KeyValuePair<string, ForwardingSession>(session.Route.TokenId, session));
        Volatile.Write(ref _usedAt, time.GetTimestamp());
    }

    /// <summary>Sends a message; false when the link has ended.</summary>
    public bool TryPost<T>(in T message)
        where T : struct, IMessage<T> => _writer.TryPost(message);

    /// <summary>Ends it, since this node stops.</summary>
    public void Stop() => _stop.Cancel();

    /// <summary>Makes the link and serves it to its end; never throws for what the node does.</summary>
    public async Task RunAsync()
    {
        metrics.LinkBegins();
        string why = "it was not needed any more";
        try
        {
            why = await ServeAsync();
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException or ObjectDisposedException or ProtocolException)
        {
            why = _stop.IsCancellationRequested ? "it was not needed any more" : e is OperationCanceledException ? "nothing was heard from it" : e.Message;
        }
        finally
        {
            End(why);
        }
    }

    private async Task<string> ServeAsync()
    {
        await using RelayEnd end = await dialer.DialAsync(node, DialTimeout, _stop.Token);
        var transport = new DetachableTransport(end);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        using var writing = new CancellationTokenSource();
        await using var silence = new SilenceWatch(Heartbeat, DeadAfter, stop.Cancel, time);
        await transport.Output.WriteAsync(Frame.Encode(new NodeHello(directory.Self.Name, directory.Self.Run)), stop.Token);
        NodeHello hello = (await transport.Input.ReadFrameAsync(ProtocolLimits.UnauthenticatedPayload, stop.Token) ?? throw new IOException("it closed the link")).Read<NodeHello>();
        if (hello.Run != node.Run)
            throw new IOException("it was started anew, and owns nothing of before");
        silence.Heard();
        Volatile.Write(ref _silence, silence);
        Task written = _writer.RunAsync(transport.Output, writing.Token);
        await using ITimer heartbeat = time.CreateTimer(_ => Beat(), null, Heartbeat, Heartbeat);
        LogUp(node.Name);
        metrics.LinkIsUp();
        _connected.TrySetResult(true);
        try
        {
            await ReadAsync(transport.Input, silence, stop.Token);
            return "it closed the link";
        }
        finally
        {
            _writer.Complete();
            writing.CancelAfter(GoodbyeTimeout);
            await written;
            if (stop.IsCancellationRequested && !_stop.IsCancellationRequested)
                end.Abort();
        }
    }

    private async Task ReadAsync(PipeReader input, SilenceWatch silence, CancellationToken stop)
    {
        while (await input.ReadFrameAsync(ProtocolLimits.Payload, stop) is { } frame)
        {
            silence.Heard();
            switch (frame.Type)
            {
                case FrameType.Pong:
                    break;
                case FrameType.Grant:
                    Grant granted = frame.Read<Grant>();
                    Find(granted.TokenId, granted.Epoch)?.Granted(granted);
                    break;
                case FrameType.ChannelsRefused:
                    ChannelsRefused refused = frame.Read<ChannelsRefused>();
                    Find(refused.TokenId, refused.Epoch)?.DirectRefused(refused);
                    break;
                case FrameType.SessionOver:
                    SessionOver over = frame.Read<SessionOver>();
                    Find(over.TokenId, over.Epoch)?.Disown();
                    break;
                default:
                    if (Enum.IsDefined(frame.Type))
                        throw new ProtocolException($"A {frame.Type} frame on a node link.");
                    break; // From a newer node.
            }
        }
    }

    private ForwardingSession? Find(string tokenId, ulong epoch) =>
        _users.TryGetValue(tokenId, out ForwardingSession? session) && (ulong)session.Route.Epoch == epoch ? session : null;

    private void Beat()
    {
        if (_users.IsEmpty && time.GetElapsedTime(Volatile.Read(ref _usedAt)) > KeptUnused)
            _stop.Cancel();
        else
            _writer.TryPost(new Ping(0));
    }

    private void End(string why)
    {
        lock (_lock)
            _hasEnded = true;
        _writer.Complete();
        bool wasUp = _connected.Task.IsCompleted;
        bool isLost = !_stop.IsCancellationRequested;
        _connected.TrySetResult(false);
        metrics.LinkEnds(wasUp, isLost);
        if (isLost)
            LogLost(node.Name, _users.Count, why);
        foreach (ForwardingSession session in _users.Values)
            session.LoseOwner(why);
        _users.Clear();
    }

    [LoggerMessage(EventIds.NodeLinkUp, LogLevel.Debug, "Linked to node {Node}")]
    private partial void LogUp(string node);

    [LoggerMessage(EventIds.NodeLinkLost, LogLevel.Warning, "The link to node {Node} has ended, and with it the way to {Tunnels} tunnels that it owned: {Reason}")]
    private partial void LogLost(string node, int tunnels, string reason);
}
