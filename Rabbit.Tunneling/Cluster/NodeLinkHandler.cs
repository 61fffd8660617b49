using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net.Sockets;
using Rabbit.Protocol;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Messages;
using Rabbit.Tunneling.Sessions;
using Rabbit.Tunneling.Transport;

namespace Rabbit.Tunneling.Cluster;

/// <summary>
/// The owner's side of a node link: lets another node have data channels of its sessions, as far as their clients can, and takes that back when
/// they end.
/// </summary>
internal sealed class NodeLinkHandler(TunnelRegistry registry, ITunnelDirectory directory, TimeProvider time)
{
    private const int QueueCapacity = 65_536;
    private static readonly TimeSpan GoodbyeTimeout = TimeSpan.FromSeconds(1);

    /// <summary>Serves a link to its end.</summary>
    /// <exception cref="ProtocolException">The peer broke the protocol, or is not who it says.</exception>
    public async Task ServeAsync(IncomingConnection incoming, NodeHello hello, NodeIdentity peer)
    {
        if (!peer.Is(hello.Node))
            throw new ProtocolException($"The certificate is not that of node {PeerText.Escape(hello.Node)}.");
        using var silent = new CancellationTokenSource();
        using var writing = new CancellationTokenSource();
        await using var silence = new SilenceWatch(NodeLink.Heartbeat, NodeLink.DeadAfter, silent.Cancel, time);
        var writer = new ControlWriter(QueueCapacity);
        writer.TryPost(new NodeHello(directory.Self.Name, directory.Self.Run));
        Task written = writer.RunAsync(incoming.Transport.Output, writing.Token);
        var link = new Link(registry, directory, hello.Node, writer);
        try
        {
            await ReadAsync(incoming.Transport.Input, link, silence, silent.Token);
        }
        finally
        {
            writer.Complete();
            writing.CancelAfter(GoodbyeTimeout);
            await written;
        }
    }

    private static async Task ReadAsync(PipeReader input, Link link, SilenceWatch silence, CancellationToken silent)
    {
        try
        {
            while (await input.ReadFrameAsync(ProtocolLimits.Payload, silent) is { } frame)
            {
                silence.Heard();
                switch (frame.Type)
                {
                    case FrameType.Ping:
                        link.Writer.TryPost(new Pong(frame.Read<Ping>().Number));
                        break;
                    case FrameType.AskGrant:
                        await link.GrantAsync(frame.Read<AskGrant>());
                        break;
                    case FrameType.OpenChannels:
                        link.Open(frame.Read<OpenChannels>());
                        break;
                    default:
                        if (Enum.IsDefined(frame.Type))
                            throw new ProtocolException($"A {frame.Type} frame on a node link.");
                        break; // From a newer node.
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException or ObjectDisposedException)
        {
            // The other node has left, and with it what it asked for.
        }
    }

    /// <summary>One link while it lasts.</summary>
    private sealed class Link(TunnelRegistry registry, ITunnelDirectory directory, string node, ControlWriter writer)
    {
        private readonly ConcurrentDictionary<NativeSession, bool> _granted = new();

        public ControlWriter Writer => writer;

        public async Task GrantAsync(AskGrant asked)
        {
            if (Find(asked.TokenId, asked.Epoch) is not { TakesChannelsElsewhere: true } session || AddressOf(node) is null
                || !await directory.ConfirmAsync(asked.TokenId, (long)asked.Epoch))
            {
                writer.TryPost(new ChannelsRefused(asked.TokenId, asked.Epoch, 0, "The client cannot open data channels there."));
                return;
            }
            if (_granted.TryAdd(session, true))
            {
                _ = session.Ending.ContinueWith(
                    _ =>
                    {
                        _granted.TryRemove(session, out bool _);
                        writer.TryPost(new SessionOver(asked.TokenId, asked.Epoch));
                    },
                    CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            }
            writer.TryPost(new Grant(asked.TokenId, asked.Epoch, session.SessionId, session.ChannelSecret.Value));
        }

        public void Open(OpenChannels wanted)
        {
            // The address is that of the node's lease: the client goes nowhere else on a peer's word.
            bool isAsked = Find(wanted.TokenId, wanted.Epoch) is { } session && _granted.ContainsKey(session) && AddressOf(node) is { } at
                && session.OpenChannelsAt(
                    new OpenChannelsAt(at.ClientAddress, at.Fingerprint, wanted.Count),
                    failed => writer.TryPost(new ChannelsRefused(wanted.TokenId, wanted.Epoch, failed.Count, PeerText.Escape(failed.Sentence))));
            if (!isAsked)
                writer.TryPost(new ChannelsRefused(wanted.TokenId, wanted.Epoch, wanted.Count, "The client cannot be asked."));
        }

        private NativeSession? Find(string tokenId, ulong epoch) =>
            registry.FindTunnel(tokenId)?.Session is NativeSession session && (ulong)session.Record.Epoch == epoch ? session : null;

        private ClusterNode? AddressOf(string name) =>
            directory.Nodes.FirstOrDefault(known => known.ClientAddress.Length > 0 && string.Equals(known.Name, name, StringComparison.OrdinalIgnoreCase));
    }
}
