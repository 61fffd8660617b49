using System.Buffers;
using System.Net.Sockets;

namespace Rabbit.Protocol.Transport;

/// <summary>
/// One end of a relay: a connected TCP socket, bare (<see cref="SocketEnd"/>) or under TLS (<see cref="TlsEnd"/>).
/// One reader and one writer may use it at the same time. Closing is explicit: <see cref="ShutdownSendAsync"/> ends one
/// direction, <see cref="Abort"/> sends a reset, <see cref="DisposeAsync"/> closes in an orderly way.
/// </summary>
public abstract class RelayEnd : IAsyncDisposable
{
    // More than the kernels hold of one connection: who has sent this much since is not going to read our last words.
    private const long LingerLimit = 16 * 1024 * 1024;

    private ReadOnlyMemory<byte> _unread;

    private protected RelayEnd(Socket socket) => Socket = socket;

    /// <summary>The TCP socket beneath.</summary>
    public Socket Socket { get; }

    /// <summary>True while bytes that were read during a handshake wait to be received again.</summary>
    public bool HasUnread => !_unread.IsEmpty;

    /// <summary>
    /// Puts bytes that a handshake read too far in front of all that follows: they belong to the relay.
    /// </summary>
    public void Unread(in ReadOnlySequence<byte> bytes)
    {
        if (bytes.IsEmpty)
            return;
        byte[] joined = new byte[bytes.Length + _unread.Length];
        bytes.CopyTo(joined);
        _unread.CopyTo(joined.AsMemory((int)bytes.Length));
        _unread = joined;
    }

    /// <summary>Waits until a receive would not block, holding no buffer. The result says nothing.</summary>
    /// <exception cref="IOException">The connection is broken.</exception>
    /// <exception cref="SocketException">The peer reset the connection.</exception>
    public ValueTask<int> WaitReadableAsync(CancellationToken cancellationToken = default) =>
        HasUnread ? ValueTask.FromResult(0) : WaitReadableCoreAsync(cancellationToken);

    /// <summary>Receives at least one byte; 0 means that the peer has ended its direction.</summary>
    /// <exception cref="IOException">The peer reset the connection, or ended TLS without saying so.</exception>
    /// <exception cref="SocketException">The peer reset the connection.</exception>
    public ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!HasUnread || buffer.IsEmpty)
            return ReceiveCoreAsync(buffer, cancellationToken);
        int count = Math.Min(buffer.Length, _unread.Length);
        _unread[..count].CopyTo(buffer);
        _unread = _unread[count..];
        return ValueTask.FromResult(count);
    }

    /// <summary>
    /// True when the peer has reset the connection, which may look like an end: the kernel reports the error once, to a receive or to a send.
    /// </summary>
    public virtual bool EndIsReset => false;

    /// <summary>Sends all of <paramref name="bytes"/>; waits while the peer does not read.</summary>
    /// <exception cref="IOException">The connection is gone.</exception>
    /// <exception cref="SocketException">The connection is gone.</exception>
    public abstract ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default);

    /// <summary>
    /// Sends all of <paramref name="bytes"/>, which nobody waits for before what is sent next: where the kernel can, it keeps
    /// them to leave together with that, for about 200 ms at most (MSG_MORE, send(2)).
    /// </summary>
    /// <exception cref="IOException">The connection is gone.</exception>
    /// <exception cref="SocketException">The connection is gone.</exception>
    public virtual ValueTask SendWithNextAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default) =>
        SendAsync(bytes, cancellationToken);

    /// <summary>
    /// Ends the sending direction (a FIN; under TLS a close_notify first); receiving goes on. Not while a send is pending.
    /// </summary>
    /// <exception cref="IOException">The connection is gone.</exception>
    /// <exception cref="SocketException">The connection is gone.</exception>
    public abstract ValueTask ShutdownSendAsync();

    /// <summary>
    /// Closes at once with a reset, so that the peer sees a broken connection and not an end. Pending operations fail;
    /// any thread may call it, more than once.
    /// </summary>
    public void Abort()
    {
        try
        {
            Socket.LingerState = new LingerOption(enable: true, seconds: 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Already gone: there is nobody left to tell.
        }
        // While a call on the socket is under way Dispose would first end both directions, and the peer see that end.
        Socket.Close(0);
    }

    /// <summary>
    /// Says goodbye so that what was sent arrives: ends the sending direction and reads on until the peer has ended its own
    /// or the token is cancelled, or has sent 16 MiB. Closing with unread bytes would reset the connection and could destroy the last words.
    /// </summary>
    public async Task LingerAsync(CancellationToken cancellationToken)
    {
        byte[] discarded = ArrayPool<byte>.Shared.Rent(4096);
        try
        {
            await ShutdownSendAsync();
            int read;
            for (long total = 0; total < LingerLimit && (read = await ReceiveAsync(discarded, cancellationToken)) > 0; total += read)
            {
                // Nobody is left who wants it.
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException or ObjectDisposedException)
        {
            // The peer has left or keeps sending; either way the last words had their chance.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(discarded);
        }
    }

    /// <summary>Closes the socket in an orderly way.</summary>
    public virtual ValueTask DisposeAsync()
    {
        Socket.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    private protected abstract ValueTask<int> WaitReadableCoreAsync(CancellationToken cancellationToken);

    private protected abstract ValueTask<int> ReceiveCoreAsync(Memory<byte> buffer, CancellationToken cancellationToken);
}
