using System.Buffers;
using System.IO.Pipelines;
using System.Text;

namespace Rabbit.Protocol.Legacy;

/// <summary>Reads the legacy protocol's lines from a pipe (docs/protocol.md, "Legacy line protocol").</summary>
public static class LegacyLineReader
{
    private const byte Lf = (byte)'\n';
    private const byte Cr = (byte)'\r';

    /// <summary>
    /// Reads the next line without its LF (and a CR before it), or null when the peer ended between lines. Not one byte
    /// after the LF is consumed: what follows a <c>DATA:</c> line belongs to the relay.
    /// </summary>
    /// <param name="input">The connection.</param>
    /// <param name="maxLength">Longest line in bytes, its end excluded; more are never waited for.</param>
    /// <param name="cancellationToken">Ends the wait; no byte is lost.</param>
    /// <exception cref="ProtocolException">The line is too long, cut off, or not printable ASCII.</exception>
    public static async ValueTask<string?> ReadLineAsync(
        this PipeReader input, int maxLength = ProtocolLimits.LegacyLine, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            ReadResult result = await input.ReadAsync(cancellationToken);
            ReadOnlySequence<byte> buffer = result.Buffer;
            string? line = null;
            string? error = Check(buffer, maxLength, out SequencePosition? end);
            if (error is null && end is { } lf)
            {
                line = Encoding.ASCII.GetString(buffer.Slice(0, lf)).TrimEnd('\r');
                buffer = buffer.Slice(buffer.GetPosition(1, lf));
            }
            else if (error is null && result.IsCompleted && !buffer.IsEmpty)
            {
                error = "The connection ended in the middle of a line.";
            }

            input.AdvanceTo(buffer.Start, line is null ? buffer.End : buffer.Start);
            if (error is not null)
                throw new ProtocolException(error);
            if (line is not null || result.IsCompleted)
                return line;
        }
    }

    private static string? Check(in ReadOnlySequence<byte> buffer, int maxLength, out SequencePosition? end)
    {
        end = buffer.PositionOf(Lf);
        ReadOnlySequence<byte> line = end is { } lf ? buffer.Slice(0, lf) : buffer;
        long length = 0;
        bool endsInCr = false;
        foreach (ReadOnlyMemory<byte> segment in line)
        {
            foreach (byte b in segment.Span)
            {
                if (endsInCr || (b != Cr && b is < 0x20 or > 0x7e))
                    return "A line holds a character that is not printable ASCII.";
                endsInCr = b == Cr;
                if (!endsInCr && ++length > maxLength)
                    return $"A line is longer than {maxLength} bytes.";
            }
        }
        return null;
    }
}
