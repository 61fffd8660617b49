using System.Buffers.Binary;

namespace Rabbit.Fuzz.Mutation;

/// <summary>Makes inputs out of others: the same ones in the same order for the same seed and corpus. For one thread.</summary>
internal sealed class Mutator(IReadOnlyList<byte[]> corpus, int seed)
{
    private const int Longest = 8 * 1024;
    private const int MostSteps = 8;

    // Where lengths and numbers turn over.
    private static readonly uint[] Edges = [0, 1, 0x7F, 0x80, 0xFF, 0x100, 0x1000, 0x7FFF, 0x8000, 0xFFFF, 0x1_0000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF];

    private readonly Random _random = new(seed);
    private byte[] _last = [];

    /// <summary>The next input: one of the corpus, or the last one made, after one to eight changes.</summary>
    public byte[] Next()
    {
        // Half of the time a walk goes on, so that it gets further away from the corpus than a few steps.
        byte[] input = _last.Length > 0 && _random.Next(2) == 0 ? _last : Any();
        for (int steps = _random.Next(1, MostSteps + 1); steps > 0; steps--)
            input = Change(input);
        return _last = input;
    }

    private byte[] Any() => corpus[_random.Next(corpus.Count)];

    private byte[] Change(byte[] input)
    {
        if (input.Length == 0)
            return Any();
        int at = _random.Next(input.Length);
        return _random.Next(9) switch
        {
            0 => With(input, changed => changed[at] ^= (byte)(1 << _random.Next(8))),
            1 => With(input, changed => changed[at] = (byte)_random.Next(256)),
            2 => With(input, changed => WriteEdge(changed.AsSpan(at))),
            3 => Insert(input, at, Bytes(_random.Next(1, 17))),
            4 => Remove(input, at, _random.Next(1, Math.Min(64, input.Length - at) + 1)),
            5 => Insert(input, at, Part(input)),
            6 => Insert(input, at, Part(Any())),
            7 => [.. input.AsSpan(0, at), .. Part(Any())],
            _ => input[..at],
        };
    }

    private void WriteEdge(Span<byte> target)
    {
        uint edge = Edges[_random.Next(Edges.Length)];
        bool isBig = _random.Next(2) == 0;
        switch (_random.Next(3))
        {
            case 0 when target.Length >= 4 && isBig: BinaryPrimitives.WriteUInt32BigEndian(target, edge); break;
            case 0 when target.Length >= 4: BinaryPrimitives.WriteUInt32LittleEndian(target, edge); break;
            case 1 when target.Length >= 2 && isBig: BinaryPrimitives.WriteUInt16BigEndian(target, (ushort)edge); break;
            case 1 when target.Length >= 2: BinaryPrimitives.WriteUInt16LittleEndian(target, (ushort)edge); break;
            default: target[0] = (byte)edge; break;
        }
    }

    private byte[] Bytes(int length)
    {
        byte[] bytes = new byte[length];
        _random.NextBytes(bytes);
        return bytes;
    }

    private byte[] Part(byte[] input)
    {
        int start = _random.Next(input.Length + 1);
        return input[start..(start + _random.Next(input.Length - start + 1))];
    }

    private static byte[] With(byte[] input, Action<byte[]> change)
    {
        byte[] changed = [.. input];
        change(changed);
        return changed;
    }

    private static byte[] Insert(byte[] input, int at, byte[] part) =>
        input.Length + part.Length > Longest ? input : [.. input.AsSpan(0, at), .. part, .. input.AsSpan(at)];

    private static byte[] Remove(byte[] input, int at, int length) => [.. input.AsSpan(0, at), .. input.AsSpan(at + length)];
}
