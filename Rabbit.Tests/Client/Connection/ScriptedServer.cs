using System.Net;
using System.Net.Sockets;
using Rabbit.Protocol;
using Rabbit.Protocol.Frames;
using Rabbit.Protocol.Messages;
using Rabbit.Protocol.Transport;
using Rabbit.Tests.Support;
using Xunit;

namespace Rabbit.Tests.Client.Connection;

/// <summary>A server in plaintext that says and does what a test wants, and sees all that a client does.</summary>
internal sealed class ScriptedServer : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private ulong _epoch;

    /// <param name="port">The port to listen on, 0 for any.</param>
    public ScriptedServer(int port = 0)
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        _listener.Listen(4096);
    }

    /// <summary>True when somebody has connected that was not accepted yet.</summary>
    public bool HasConnections => _listener.Poll(0, SelectMode.SelectRead);

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    /// <summary>The greeting of the next session, with the times of a real server.</summary>
    public ServerHello NextHello(ushort poolSize = 0) => new(
        Minor: 0, Guid.NewGuid(), ++_epoch, Guid.NewGuid(), TunnelPort: 1, "", (ushort)Port, poolSize,
        TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(45));

    /// <summary>The next connection, with its first frame read.</summary>
    public async Task<(Connection Connection, Frame First)> AcceptAsync()
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(Patience);
        var connection = new Connection(await _listener.AcceptAsync(deadline.Token));
        await connection.SkipPreambleAsync();
        return (connection, await connection.ReadAsync());
    }

    /// <summary>The next control channel, not yet greeted; data channels of sessions that have ended are closed.</summary>
    public async Task<(Connection Control, ClientHello Hello)> AcceptControlAsync()
    {
        while (true)
        {
            var (connection, first) = await AcceptAsync();
            if (first.Type != FrameType.DataHello)
                return (connection, first.Read<ClientHello>());
            connection.Dispose();
        }
    }

    /// <summary>The next control channel, greeted, with the client's first heartbeat answered; and what the client said of itself.</summary>
    public async Task<(Connection Control, ClientHello Hello)> AcceptLoginAsync(ushort poolSize = 0)
    {
        var (control, hello) = await AcceptControlAsync();
        await control.SendAsync(NextHello(poolSize));
        await control.SendAsync(new Pong((await control.ReadAsync()).Read<Ping>().Number));
        return (control, hello);
    }

    /// <summary>The next standby connection, accepted.</summary>
    public async Task<(Connection Connection, Standby Standby)> AcceptStandbyAsync(TimeSpan? heartbeat = null)
    {
        var (connection, first) = await AcceptAsync();
        var standby = first.Read<Standby>();
        await connection.SendAsync(new StandbyAccepted(heartbeat ?? TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(45)));
        return (connection, standby);
    }

    /// <summary>The next data channel.</summary>
    public async Task<Connection> AcceptChannelAsync()
    {
        var (connection, first) = await AcceptAsync();
        Assert.Equal(FrameType.DataHello, first.Type);
        return connection;
    }

    public void Dispose() => _listener.Dispose();

    internal sealed class Connection(Socket socket) : IDisposable
    {
        private readonly DetachableTransport _transport = new(new SocketEnd(socket));

        public Socket Socket => socket;

        public async Task SkipPreambleAsync()
        {
            var result = await _transport.Input.ReadAtLeastAsync(Preamble.Length, TestContext.Current.CancellationToken);
            _transport.Input.AdvanceTo(result.Buffer.GetPosition(Preamble.Length));
        }

        public Task SendAsync<T>(in T message)
            where T : struct, IMessage<T> => socket.SendAllAsync(Frame.Encode(message), TestContext.Current.CancellationToken);

        /// <summary>The next frame, or null at the client's end.</summary>
        public async Task<Frame?> ReadOrEndAsync()
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            deadline.CancelAfter(Patience);
            try
            {
                return await _transport.Input.ReadFrameAsync(ProtocolLimits.Payload, deadline.Token);
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
            {
                return null;
            }
            catch (IOException)
            {
                return null;
            }
        }

        public async Task<Frame> ReadAsync()
        {
            Frame? frame = await ReadOrEndAsync();
            Assert.NotNull(frame);
            return frame.Value;
        }

        /// <summary>On a data channel whose visitor was accepted: what follows is the service's bytes.</summary>
        public RelayEnd Detach() => _transport.Detach();

        public void Dispose() => socket.Dispose();
    }
}
