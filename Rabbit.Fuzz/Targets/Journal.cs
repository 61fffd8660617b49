using System.Buffers.Binary;
using System.Numerics;
using Rabbit.Persistence.ConnectionLogs.Journal;
using Rabbit.Tunneling.State;

namespace Rabbit.Fuzz.Targets;

/// <summary>A journal's bytes as a crash or a bad disk leaves them; and any payload under a checksum that is right.</summary>
internal static class Journal
{
    private const int HeaderLength = 8;

    public static void Run(byte[] input)
    {
        for (int at = 0; at < input.Length;)
        {
            bool isRead = JournalRecord.TryRead(input.AsMemory(at), out ConnectionLogEntry? entry, out int length);
            BrokenException.Unless(isRead == entry is not null, "A record is read and not there.");
            BrokenException.Unless(length >= 0 && (!isRead || length > HeaderLength), "A record has no length.");
            if (!isRead)
                break;
            BrokenException.Unless(length <= input.Length - at, "A record is longer than the file.");
            ReadBack(entry!);
            at += length;
        }

        byte[] record = new byte[HeaderLength + input.Length];
        BinaryPrimitives.WriteInt32LittleEndian(record, input.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(4), Checksum(input));
        input.CopyTo(record, HeaderLength);
        if (JournalRecord.TryRead(record, out ConnectionLogEntry? made, out _))
            ReadBack(made!);
    }

    private static void ReadBack(ConnectionLogEntry entry)
    {
        using var buffer = new MemoryStream();
        JournalRecord.Write(buffer, entry);
        bool isRead = JournalRecord.TryRead(buffer.ToArray(), out ConnectionLogEntry? again, out _);
        BrokenException.Unless(isRead && again == entry, "An entry reads back as another.");
    }

    // CRC-32C (RFC 3720 appendix B.4), a byte at a time.
    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in bytes)
            crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }
}
