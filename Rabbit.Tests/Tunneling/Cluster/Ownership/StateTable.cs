using System.Runtime.InteropServices;

namespace Rabbit.Tests.Tunneling.Cluster.Ownership;

/// <summary>States of equal size, each once, numbered in the order in which they were found.</summary>
/// <param name="size">Bytes of a state, a multiple of 8.</param>
internal sealed class StateTable(int size)
{
    private const int StatesInBlock = 1 << 16;

    private readonly List<byte[]> _blocks = [];
    private int[] _slots = new int[1 << 16]; // number + 1

    public int Count { get; private set; }

    public Span<byte> this[int number] => _blocks[number / StatesInBlock].AsSpan(number % StatesInBlock * size, size);

    /// <summary>The number of this state; true when it is new.</summary>
    public bool Add(ReadOnlySpan<byte> state, out int number)
    {
        if (Count * 2 > _slots.Length)
            Grow();
        int slot = SlotOf(state);
        if (_slots[slot] > 0)
        {
            number = _slots[slot] - 1;
            return false;
        }
        number = Count++;
        if (number % StatesInBlock == 0)
            _blocks.Add(new byte[StatesInBlock * size]);
        state.CopyTo(this[number]);
        _slots[slot] = number + 1;
        return true;
    }

    private void Grow()
    {
        _slots = new int[_slots.Length * 2];
        for (int number = 0; number < Count; number++)
            _slots[SlotOf(this[number])] = number + 1;
    }

    // Where it is, or where it belongs.
    private int SlotOf(ReadOnlySpan<byte> state)
    {
        ulong hash = 0;
        foreach (ulong part in MemoryMarshal.Cast<byte, ulong>(state))
        {
            hash = (hash ^ part) * 0x9E3779B97F4A7C15;
            hash ^= hash >> 29;
        }
        int slot = (int)(hash >> 16) & (_slots.Length - 1);
        while (_slots[slot] > 0 && !this[_slots[slot] - 1].SequenceEqual(state))
            slot = (slot + 1) & (_slots.Length - 1);
        return slot;
    }
}
