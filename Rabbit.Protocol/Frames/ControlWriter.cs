using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Rabbit.Protocol.Frames;

/// <summary>
/// The only writer of a control channel: messages from any thread go through its queue, whole and in order. Whatever has
/// gathered while a write was under way leaves in one write.
/// </summary>
public sealed class ControlWriter
{
    private readonly Channel<ReadOnlyMemory<byte>> _queue;

    /// <param name="capacity">Messages that may wait; a client that lets more gather does not read.</param>
    public ControlWriter(int capacity) =>
        // Synchronous: who posts to an idle writer writes at once, and no thread is woken for it. Writing never blocks.
        _queue = Channel.CreateBounded<ReadOnlyMemory<byte>>(
            new BoundedChannelOptions(capacity) { SingleReader = true, AllowSynchronousContinuations = true });

    /// <summary>Queues a message; false when the queue is full or the writer has ended.</summary>
    public bool TryPost(ReadOnlyMemory<byte> message) => _queue.Writer.TryWrite(message);

    /// <summary>Queues a message as a frame; false when the queue is full or the writer has ended.</summary>
    public bool TryPost<T>(in T message)
        where T : struct, IMessage<T> => TryPost(Frame.Encode(message));

    /// <summary>Takes no more messages; <see cref="RunAsync"/> returns when those already queued are written.</summary>
    public void Complete() => _queue.Writer.TryComplete();

    /// <summary>Writes until <see cref="Complete"/>, a broken connection, or cancellation; never throws for these.</summary>
    public async Task RunAsync(PipeWriter output, CancellationToken cancellationToken)
    {
        try
        {
            while (await _queue.Reader.WaitToReadAsync(cancellationToken))
            {
                while (_queue.Reader.TryRead(out ReadOnlyMemory<byte> message))
                    output.Write(message.Span);
                await output.FlushAsync(cancellationToken);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException or ObjectDisposedException)
        {
            // The reader of the same connection reports how it ended.
        }
        finally
        {
            Complete();
        }
    }
}
