using System.Net.Sockets;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Messages;
using Rabbit.Protocol.Transport;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.EndToEnd;

/// <summary>One session of a native client whose local service sends each block back with the session's epoch in front.</summary>
internal sealed class StormClient : IDisposable
{
    /// <summary>Bytes of a block.</summary>
    public const int Block = 64;

    private readonly NativePeer _control;
    private readonly int _port;
    private readonly List<Task> _channels = [];
    private readonly Task<GoAway?> _serving;

    private StormClient(NativePeer control, int port)
    {
        _control = control;
        _port = port;
        Open(Hello.PoolSize);
        _serving = ServeAsync();
    }

    public ServerHello Hello => _control.Hello;

    public long Epoch => (long)Hello.Epoch;

    public static async Task<StormClient> LoginAsync(int port, TestToken token, ServerHello last) =>
        new(await NativePeer.LoginAsync(port, token, last), port);

    /// <summary>The server's goodbye, after which this client closes its control channel and nothing else.</summary>
    public async Task<GoAway> EndAsync()
    {
        GoAway? goAway = await _serving;
        _control.Dispose();
        return goAway ?? throw new Xunit.Sdk.XunitException($"The server closed the control channel of client {Epoch} without a word.");
    }

    /// <summary>Completes when its last stream has ended.</summary>
    public Task WhenIdleAsync() => Task.WhenAll(_channels);

    public void Dispose() => _control.Dispose();

    private async Task<GoAway?> ServeAsync()
    {
        try
        {
            while (await _control.ReadOrEndAsync() is { } frame)
            {
                switch (frame.Type)
                {
                    case FrameType.Ping:
                        await _control.SendAsync(new Pong(frame.Read<Ping>().Number));
                        break;
                    case FrameType.NeedChannels:
                        Open(frame.Read<NeedChannels>().Count);
                        break;
                    case FrameType.GoAway:
                        return frame.Read<GoAway>();
                }
            }
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
        return null;
    }

    private void Open(int count)
    {
        for (; count > 0; count--)
            _channels.Add(ServeChannelAsync());
    }

    private async Task ServeChannelAsync()
    {
        try
        {
            using NativePeer channel = await NativePeer.OpenChannelAsync(_port, Hello);
            // An end or a Reject: the session was over before a visitor came.
            if (await channel.ReadOrEndAsync() is not { Type: FrameType.Start })
                return;
            RelayEnd visitor = await channel.BeginAsync();
            byte[] answer = new byte[sizeof(long) + Block];
            BitConverter.TryWriteBytes(answer, Epoch);
            while (true)
            {
                for (int have = 0; have < Block;)
                {
                    int read = await visitor.ReceiveAsync(answer.AsMemory(sizeof(long) + have), TestContext.Current.CancellationToken);
                    if (read == 0)
                        return;
                    have += read;
                }
                await visitor.SendAsync(answer, TestContext.Current.CancellationToken);
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            // The session, or the test, is over; a visitor that this cuts off says so.
        }
    }
}
