using System.Buffers;

namespace Rabbit.Fuzz;

/// <summary>An input as a network may deliver it: whole, cut in two, and byte by byte.</summary>
internal static class Cuts
{
    // Every byte by itself is worth its time for short inputs only.
    private const int Short = 256;

    /// <summary>The input in several segmentations, as one block first.</summary>
    public static IEnumerable<ReadOnlySequence<byte>> Of(byte[] input)
    {
        yield return new ReadOnlySequence<byte>(input);
        yield return Cut(input, Math.Max(1, input.Length / 2));
        // At a place that depends on the input, so that mutations move it.
        if (input.Length > 2)
            yield return Cut(input, Math.Max(1, (input[0] + (input[^1] * 7)) % input.Length));
        if (input.Length <= Short)
            yield return Cut(input, 1);
    }

    /// <summary>Ever longer beginnings of the input: each length up to 64, then powers of two.</summary>
    public static IEnumerable<byte[]> Beginnings(byte[] input)
    {
        for (int length = 0; length < input.Length; length += length < 64 ? 1 : length)
            yield return input[..length];
        yield return input;
    }

    private static ReadOnlySequence<byte> Cut(byte[] input, int size)
    {
        Segment? first = null, last = null;
        for (int start = 0; start < input.Length; start += size)
        {
            last = new Segment(input.AsMemory(start, Math.Min(size, input.Length - start)), last);
            first ??= last;
        }
        return first is null ? ReadOnlySequence<byte>.Empty : new ReadOnlySequence<byte>(first, 0, last!, last!.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, Segment? previous)
        {
            Memory = memory;
            if (previous is null)
                return;
            RunningIndex = previous.RunningIndex + previous.Memory.Length;
            previous.Next = this;
        }
    }
}
