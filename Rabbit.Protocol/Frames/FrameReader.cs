using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Net.Sockets;
using Rabbit.Protocol.Transport;

namespace Rabbit.Protocol.Frames;

/// <summary>Reads native frames from a pipe, consuming not one byte more than the frame it returns.</summary>
public static class FrameReader
{
    private const int ShortFrame = 128;

    /// <summary>
    /// Reads the next frame, or null when the peer ended at a frame's boundary. The length is checked against
    /// <paramref name="maxPayload"/> before anything is allocated.
    /// </summary>
    /// <exception cref="ProtocolException">The frame is larger than allowed or is cut off.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; no byte is lost.</exception>
    public static async ValueTask<Frame?> ReadFrameAsync(
        this PipeReader input, int maxPayload, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            ReadResult result = await input.ReadAsync(cancellationToken);
            ReadOnlySequence<byte> buffer = result.Buffer;
            if (TryRead(ref buffer, maxPayload, out Frame frame))
            {
                input.AdvanceTo(buffer.Start);
                return frame;
            }
            if (result.IsCompleted)
            {
                bool truncated = !buffer.IsEmpty;
                input.AdvanceTo(buffer.End);
                return truncated ? throw new ProtocolException("The connection ended in the middle of a frame.") : null;
            }
            input.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    /// <summary>
    /// Reads the next frame straight from an end, or null when the peer ended at a frame's boundary; what was read too far is
    /// unread. For short frames: it waits with a small buffer, which under TLS it does not hold while nothing comes.
    /// </summary>
    /// <exception cref="ProtocolException">The frame is larger than allowed or is cut off.</exception>
    /// <exception cref="IOException">The connection broke.</exception>
    /// <exception cref="SocketException">The connection broke.</exception>
    public static async ValueTask<Frame?> ReadFrameAsync(
        this RelayEnd end, int maxPayload, CancellationToken cancellationToken = default)
    {
        if (end is not SocketEnd)
            await end.WaitReadableAsync(cancellationToken);
        byte[] buffer = new byte[ShortFrame];
        int filled = 0;
        while (true)
        {
            int received = await end.ReceiveAsync(buffer.AsMemory(filled), cancellationToken);
            if (received == 0)
                return filled == 0 ? null : throw new ProtocolException("The connection ended in the middle of a frame.");
            filled += received;
            var sequence = new ReadOnlySequence<byte>(buffer, 0, filled);
            if (TryRead(ref sequence, maxPayload, out Frame frame))
            {
                end.Unread(sequence);
                return frame;
            }
            if (filled == buffer.Length)
                Array.Resize(ref buffer, Math.Min(2 * buffer.Length, Frame.HeaderLength + maxPayload));
        }
    }

    /// <summary>Takes one whole frame off the front of <paramref name="buffer"/>; false when more bytes are needed.</summary>
    /// <exception cref="ProtocolException">The announced payload is longer than <paramref name="maxPayload"/>.</exception>
    public static bool TryRead(ref ReadOnlySequence<byte> buffer, int maxPayload, out Frame frame)
    {
        frame = default;
        if (buffer.Length < Frame.HeaderLength)
            return false;
        Span<byte> header = stackalloc byte[Frame.HeaderLength];
        buffer.Slice(0, Frame.HeaderLength).CopyTo(header);
        uint length = BinaryPrimitives.ReadUInt32BigEndian(header);
        if (length > maxPayload)
            throw new ProtocolException($"A frame of {length} bytes exceeds the limit of {maxPayload}.");
        if (buffer.Length < Frame.HeaderLength + length)
            return false;
        frame = new Frame((FrameType)header[4], buffer.Slice(Frame.HeaderLength, length).ToArray());
        buffer = buffer.Slice(Frame.HeaderLength + length);
        return true;
    }
}
