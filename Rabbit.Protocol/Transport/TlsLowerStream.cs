using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Rabbit.Protocol.Transport;

/// <summary>
/// What an SslStream reads and writes: a bare socket, and before that what a handshake read too far. While the SslStream waits
/// here for the socket it runs no code of its own, and so gives up <paramref name="engine"/>, which its caller holds for every
/// read. Until the handshake is complete it takes no more than <paramref name="maxHandshakeBytes"/>: what a peer may send that nobody knows yet.
/// </summary>
internal sealed class TlsLowerStream(RelayEnd end, SemaphoreSlim engine, int maxHandshakeBytes) : RelayEndStream(end)
{
    private int? _handshakeBytesLeft = maxHandshakeBytes;

    private readonly NetworkStream _socket = OpenStream(end.Socket);

    /// <summary>From now on it takes whatever comes.</summary>
    public void HandshakeIsComplete() => _handshakeBytesLeft = null;

    // One pending read and one pending write at most: their state machines are pooled instead of made for every message.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_handshakeBytesLeft is { } left && !buffer.IsEmpty)
        {
            if (left == 0)
                throw new IOException($"The peer's TLS handshake is longer than {maxHandshakeBytes} bytes.");
            buffer = buffer[..Math.Min(left, buffer.Length)];
        }
        ValueTask<int> reading = End.HasUnread ? base.ReadAsync(buffer, cancellationToken) : _socket.ReadAsync(buffer, cancellationToken);
        if (reading.IsCompletedSuccessfully)
            return NoteEnd(await reading, buffer);
        engine.Release();
        try
        {
            return NoteEnd(await reading, buffer);
        }
        catch (ObjectDisposedException e)
        {
            throw new IOException("Receiving failed: the connection is broken.", e);
        }
        finally
        {
            // Held for a moment only, and has to be held on return whatever happened.
            await engine.WaitAsync(CancellationToken.None);
        }
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        End.SendAsync(buffer, cancellationToken);

    private int NoteEnd(int count, Memory<byte> buffer)
    {
        ReachedEnd |= count == 0 && !buffer.IsEmpty;
        _handshakeBytesLeft -= count;
        return count;
    }

    // A NetworkStream wants to see a blocking socket when it is made; its asynchronous operations do not block on any.
    private static NetworkStream OpenStream(Socket socket)
    {
        bool blocking = socket.Blocking;
        socket.Blocking = true;
        var stream = new NetworkStream(socket, ownsSocket: false);
        socket.Blocking = blocking;
        return stream;
    }
}
