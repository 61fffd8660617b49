using System.Net;
using System.Net.Sockets;
using Rabbit.Protocol;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Messages;
using Rabbit.Protocol.Transport;
using Xunit;
using Xunit.Sdk;

namespace Rabbit.Tests.Support;

/// <summary>One connection of the native protocol, in plaintext, that says what a test wants and hears every frame.</summary>
internal sealed class NativePeer : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly DetachableTransport _transport;

    private NativePeer(Socket socket)
    {
        Socket = socket;
        _transport = new DetachableTransport(new SocketEnd(socket));
    }

    public Socket Socket { get; }

    public ServerHello Hello { get; private set; }

    /// <summary>Connects and says nothing but the preamble.</summary>
    public static async Task<NativePeer> ConnectAsync(int port, IPAddress? from = null)
    {
        var peer = new NativePeer(await SocketConversation.ConnectAsync(port, from));
        await peer.SendAsync(Preamble.Bytes.ToArray());
        return peer;
    }

    /// <summary>Logs in; fails when it is turned away.</summary>
    public static async Task<NativePeer> LoginAsync(int port, TestToken token, ServerHello last = default, bool yield = false, IPAddress? from = null)
    {
        NativePeer peer = await ConnectAsync(port, from);
        await peer.SendAsync(HelloOf(token.Text, last, yield));
        Frame answer = await peer.ReadAsync();
        if (answer.Type == FrameType.Reject)
            throw new XunitException($"The login was turned away: {answer.Read<Reject>()}");
        peer.Hello = answer.Read<ServerHello>();
        Secrets.Remember(peer.Hello.ChannelSecret);
        return peer;
    }

    /// <summary>Opens a data channel for a session.</summary>
    public static async Task<NativePeer> OpenChannelAsync(int port, ServerHello hello, IPAddress? from = null)
    {
        NativePeer channel = await ConnectAsync(port, from);
        await channel.SendAsync(new DataHello(hello.SessionId, hello.ChannelSecret));
        return channel;
    }

    public static ClientHello HelloOf(string token, ServerHello last = default, bool yield = false) =>
        new(Minor: 0, "test-peer/1", token, "test", LocalPort: 1, last.SessionId, last.Epoch, yield);

    public Task SendAsync(ReadOnlyMemory<byte> bytes) => Socket.SendAllAsync(bytes, TestContext.Current.CancellationToken);

    public Task SendAsync<T>(in T message)
        where T : struct, IMessage<T> => SendAsync(Frame.Encode(message));

    /// <summary>The next frame; fails at an end.</summary>
    public async Task<Frame> ReadAsync() => await ReadOrEndAsync() ?? throw new XunitException("The server closed the connection.");

    /// <summary>The next frame, or null at an end.</summary>
    public async Task<Frame?> ReadOrEndAsync()
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(Patience);
        return await _transport.Input.ReadFrameAsync(ProtocolLimits.Payload, deadline.Token);
    }

    /// <summary>The next frame of this kind; others are skipped.</summary>
    public async Task<T> ReadUntilAsync<T>()
        where T : struct, IMessage<T>
    {
        while (true)
        {
            Frame frame = await ReadAsync();
            if (frame.Type == T.Type)
                return frame.Read<T>();
        }
    }

    /// <summary>On a data channel: waits for its visitor and accepts; what follows is the visitor's bytes.</summary>
    public async Task<(Start Start, RelayEnd Visitor)> AcceptAsync()
    {
        Start start = (await ReadAsync()).Read<Start>();
        return (start, await BeginAsync());
    }

    /// <summary>On a data channel whose visitor has come: accepts it; what follows is the visitor's bytes.</summary>
    public async Task<RelayEnd> BeginAsync()
    {
        await SendAsync(default(Accepted));
        return _transport.Detach();
    }

    public void Dispose() => Socket.Dispose();
}
