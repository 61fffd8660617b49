using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.Versioning;
using Rabbit.Protocol.Relay.Kernel;

namespace Rabbit.Protocol.Transport;

/// <summary>A relay's end on a bare TCP socket, or a unix socket of streams.</summary>
public sealed class SocketEnd : RelayEnd
{
    private const int IpProtoTcp = 6;
    private const int TcpInfo = 11; // TCP_INFO, whose first byte is the connection's state
    private const int TcpClose = 7; // TCP_CLOSE

    private volatile bool _sendEnded;

    /// <summary>Takes over a connected socket, of TCP with TCP_NODELAY, and makes sure that no call on it waits in the kernel.</summary>
    public SocketEnd(Socket socket)
        : base(socket) => socket.Blocking = false; // An accepted socket blocks until its first asynchronous operation; splice(2) would wait.

    /// <inheritdoc/>
    public override bool EndIsReset
    {
        get
        {
            // Once our own direction has ended, nobody sends and a receive meets the error itself; until then an end leaves
            // the connection in CLOSE-WAIT (RFC 9293, section 3.3.2).
            if (_sendEnded || !OperatingSystem.IsLinux() || Socket.AddressFamily == AddressFamily.Unix)
                return false;
            Span<byte> state = stackalloc byte[1];
            Socket.GetRawSocketOption(IpProtoTcp, TcpInfo, state);
            // Unless the other lane has ended it while we looked: then both have ended in order, and that leads there too.
            return state[0] == TcpClose && !_sendEnded;
        }
    }

    /// <inheritdoc/>
    public override ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default) =>
        SendAsync(bytes, moreFollows: false, cancellationToken);

    /// <inheritdoc/>
    public override ValueTask SendWithNextAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default) =>
        SendAsync(bytes, moreFollows: true, cancellationToken);

    /// <inheritdoc/>
    public override ValueTask ShutdownSendAsync()
    {
        _sendEnded = true;
        Socket.Shutdown(SocketShutdown.Send);
        return ValueTask.CompletedTask;
    }

    private protected override ValueTask<int> WaitReadableCoreAsync(CancellationToken cancellationToken) =>
        Socket.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None, cancellationToken);

    private protected override ValueTask<int> ReceiveCoreAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
        Socket.ReceiveAsync(buffer, SocketFlags.None, cancellationToken);

    private ValueTask SendAsync(ReadOnlyMemory<byte> bytes, bool moreFollows, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled(cancellationToken);
        if (!OperatingSystem.IsLinux())
            return SendRestAsync(bytes, cancellationToken);
        // Mostly the kernel takes it all at once; the socket then needs none of what an asynchronous send keeps.
        int sent = SendNow(bytes.Span, moreFollows);
        if (sent == bytes.Length)
            return ValueTask.CompletedTask;
        if (sent < 0 && sent != LinuxCalls.WouldBlock)
            return ValueTask.FromException(LinuxCalls.ToException(sent));
        return SendRestAsync(bytes[Math.Max(0, sent)..], cancellationToken);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendRestAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            int sent = await Socket.SendAsync(bytes, SocketFlags.None, cancellationToken);
            bytes = bytes[sent..];
        }
    }

    /// <summary>Sends what the socket takes at once: bytes, or minus the error's number.</summary>
    [SupportedOSPlatform("linux")]
    private int SendNow(ReadOnlySpan<byte> bytes, bool moreFollows)
    {
        SafeSocketHandle handle = Socket.SafeHandle;
        bool isHeld = false;
        try
        {
            handle.DangerousAddRef(ref isHeld);
            return LinuxCalls.Send((int)handle.DangerousGetHandle(), bytes, moreFollows);
        }
        finally
        {
            if (isHeld)
                handle.DangerousRelease();
        }
    }
}
