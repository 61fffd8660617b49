using System.Buffers;

namespace Rabbit.Tests.Protocol;

/// <summary>Byte sequences cut into segments as a network might cut them.</summary>
internal static class Segments
{
    /// <summary>The bytes cut at the given places, which ascend.</summary>
    public static ReadOnlySequence<byte> Cut(byte[] bytes, params IEnumerable<int> places)
    {
        var first = new Segment(ReadOnlyMemory<byte>.Empty, null);
        Segment last = first;
        int start = 0;
        foreach (int place in places.Append(bytes.Length))
        {
            last = new Segment(bytes.AsMemory(start, place - start), last);
            start = place;
        }
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    /// <summary>The bytes cut in two at every place, and into single bytes.</summary>
    public static IEnumerable<ReadOnlySequence<byte>> EveryCut(byte[] bytes) =>
        Enumerable.Range(0, bytes.Length + 1).Select(place => Cut(bytes, [place]))
            .Append(Cut(bytes, Enumerable.Range(1, Math.Max(0, bytes.Length - 1))));

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
