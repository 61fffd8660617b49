using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Rabbit.Protocol.Transport;

/// <summary>A relay's end on a bare TCP socket.</summary>
public sealed class SocketEnd : RelayEnd
{
    /// <summary>Takes over a connected socket that has TCP_NODELAY, and makes sure that no call on it waits in the kernel.</summary>
    public SocketEnd(Socket socket)
        : base(socket) => socket.Blocking = false; // An accepted socket blocks until its first asynchronous operation; splice(2) would wait.

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public override async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default)
    {
        while (!bytes.IsEmpty)
        {
            int sent = await Socket.SendAsync(bytes, SocketFlags.None, cancellationToken);
            bytes = bytes[sent..];
        }
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
}
