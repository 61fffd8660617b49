using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.Versioning;
using Rabbit.Protocol.Relay.Kernel;

namespace Rabbit.Protocol.Transport;

/// <summary>A relay's end on a bare TCP socket.</summary>
public sealed class SocketEnd : RelayEnd
{
    /// <summary>Takes over a connected socket that has TCP_NODELAY, and makes sure that no call on it waits in the kernel.</summary>
    public SocketEnd(Socket socket)
        : base(socket) => socket.Blocking = false; // An accepted socket blocks until its first asynchronous operation; splice(2) would wait.

    /// <inheritdoc/>
    public override ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled(cancellationToken);
        // Mostly the kernel takes it all at once; the socket then needs none of what an asynchronous send keeps.
        int sent = Socket.Send(bytes.Span, SocketFlags.None, out SocketError error);
        return error switch
        {
            SocketError.Success when sent == bytes.Length => ValueTask.CompletedTask,
            SocketError.Success or SocketError.WouldBlock => SendRestAsync(bytes[sent..], cancellationToken),
            _ => ValueTask.FromException(new SocketException((int)error)),
        };
    }

    /// <inheritdoc/>
    public override ValueTask SendWithNextAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default)
    {
        if (OperatingSystem.IsLinux())
            bytes = bytes[SendWithNext(bytes.Span)..];
        return bytes.IsEmpty ? ValueTask.CompletedTask : SendAsync(bytes, cancellationToken);
    }

    /// <inheritdoc/>
    public override ValueTask ShutdownSendAsync()
    {
        Socket.Shutdown(SocketShutdown.Send);
        return ValueTask.CompletedTask;
    }

    private protected override ValueTask<int> WaitReadableCoreAsync(CancellationToken cancellationToken) =>
        Socket.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None, cancellationToken);

    private protected override ValueTask<int> ReceiveCoreAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
        Socket.ReceiveAsync(buffer, SocketFlags.None, cancellationToken);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendRestAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            int sent = await Socket.SendAsync(bytes, SocketFlags.None, cancellationToken);
            bytes = bytes[sent..];
        }
    }

    [SupportedOSPlatform("linux")]
    private int SendWithNext(ReadOnlySpan<byte> bytes)
    {
        SafeSocketHandle handle = Socket.SafeHandle;
        bool isHeld = false;
        try
        {
            handle.DangerousAddRef(ref isHeld);
            return Math.Max(0, LinuxCalls.Send((int)handle.DangerousGetHandle(), bytes, moreFollows: true));
        }
        catch (ObjectDisposedException)
        {
            return 0; // Aborted; the next send says so.
        }
        finally
        {
            if (isHeld)
                handle.DangerousRelease();
        }
    }
}
