using System.Buffers.Binary;

namespace Rabbit.Faults.Load;

/// <summary>
/// Bytes that a seed and a place determine: both ends of a stream know each of them, so that a byte lost, doubled, moved, or from somebody
/// else's stream is seen where it arrives. (The words are SplitMix64 of a counter: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number
/// Generators", 2014.)
/// </summary>
internal static class Content
{
    /// <summary>A seed for one direction of one visitor's stream through one tunnel.</summary>
    public static ulong SeedOf(int service, int visitor, bool isFromVisitor) =>
        Mix(((ulong)(uint)service << 33) ^ ((ulong)(uint)visitor << 1) ^ (isFromVisitor ? 1UL : 0UL)) & ~0xFFFF_FFFFUL;

    /// <summary>The bytes of the stream from this place on.</summary>
    public static void Fill(Span<byte> bytes, ulong seed, long place)
    {
        Span<byte> word = stackalloc byte[8];
        while (!bytes.IsEmpty)
        {
            int within = (int)(place & 7);
            BinaryPrimitives.WriteUInt64LittleEndian(word, Mix(seed + (ulong)(place >> 3)));
            int count = Math.Min(8 - within, bytes.Length);
            word.Slice(within, count).CopyTo(bytes);
            bytes = bytes[count..];
            place += count;
        }
    }

    /// <summary>The first so many bytes.</summary>
    public static byte[] Make(ulong seed, int count)
    {
        byte[] bytes = new byte[count];
        Fill(bytes, seed, 0);
        return bytes;
    }

    private static ulong Mix(ulong value)
    {
        value += 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
