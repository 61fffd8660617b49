using System.Net.Sockets;

namespace Rabbit.Protocol.Transport;

/// <summary>
/// A <see cref="RelayEnd"/> as a stream, for pipes and SslStream. Disposing it leaves the end open. It touches the
/// socket only inside reads and writes, so that the end can be taken back at any time between them. As streams do, it
/// throws <see cref="IOException"/> for a broken connection.
/// </summary>
internal class RelayEndStream(RelayEnd end) : Stream
{
    /// <summary>What is read and written.</summary>
    private protected RelayEnd End => end;

    /// <summary>True once the peer's end of stream was read.</summary>
    public bool ReachedEnd { get; private protected set; }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            if (buffer.IsEmpty)
            {
                await end.WaitReadableAsync(cancellationToken);
                return 0;
            }
            int count = await end.ReceiveAsync(buffer, cancellationToken);
            ReachedEnd |= count == 0;
            return count;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            throw new IOException("Receiving failed: the connection is broken.", e);
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            await end.SendAsync(buffer, cancellationToken);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            throw new IOException("Sending failed: the connection is broken.", e);
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Sockets are read asynchronously.");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("Sockets are written asynchronously.");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
