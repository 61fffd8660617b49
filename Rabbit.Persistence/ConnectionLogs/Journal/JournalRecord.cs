using System.Buffers.Binary;
using System.Numerics;
using Rabbit.Tunneling.State;

namespace Rabbit.Persistence.ConnectionLogs.Journal;

/// <summary>
/// A log entry as it stands in the journal: length (u32) and CRC-32C (u32) of the payload, little-endian, then the payload as
/// <see cref="BinaryWriter"/> writes it.
/// </summary>
internal static class JournalRecord
{
    private const int HeaderLength = 8;
    private const int LongestPayload = 64 * 1024;

    /// <summary>Appends an entry to a buffer.</summary>
    public static void Write(MemoryStream buffer, ConnectionLogEntry entry)
    {
        int start = (int)buffer.Length;
        buffer.Position = start + HeaderLength;
        using (var writer = new BinaryWriter(buffer, System.Text.Encoding.UTF8, leaveOpen: true))
        {
            WriteId(writer, entry.Id);
            writer.Write(entry.TeamId);
            writer.Write(entry.TokenId);
            WriteId(writer, entry.SessionId ?? Guid.Empty);
            writer.Write(entry.Port);
            writer.Write(entry.VisitorAddress);
            writer.Write(entry.VisitorPort);
            writer.Write(entry.StartedAt.UtcTicks);
            writer.Write(entry.Duration.Ticks);
            writer.Write(entry.BytesFromVisitor);
            writer.Write(entry.BytesToVisitor);
            writer.Write((byte)entry.Status);
            writer.Write(entry.Reason);
        }
        Span<byte> record = buffer.GetBuffer().AsSpan(start, (int)buffer.Length - start);
        Span<byte> payload = record[HeaderLength..];
        BinaryPrimitives.WriteInt32LittleEndian(record, payload.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(record[4..], Crc32C(payload));
    }

    /// <summary>Reads the record at the beginning of <paramref name="data"/>.</summary>
    /// <param name="data">From the journal, as far as it was read.</param>
    /// <param name="entry">The entry, where the record is whole.</param>
    /// <param name="length">Bytes of the record; more than <paramref name="data"/> has where it is not whole.</param>
    /// <returns>False where the record is not whole, or damaged (<paramref name="length"/> is then 0).</returns>
    public static bool TryRead(ReadOnlyMemory<byte> data, out ConnectionLogEntry? entry, out int length)
    {
        entry = null;
        length = HeaderLength;
        if (data.Length < HeaderLength)
            return false;
        int payloadLength = BinaryPrimitives.ReadInt32LittleEndian(data.Span);
        length = payloadLength is > 0 and <= LongestPayload ? HeaderLength + payloadLength : 0;
        if (length == 0 || data.Length < length)
            return false;
        ReadOnlySpan<byte> payload = data.Span[HeaderLength..length];
        entry = BinaryPrimitives.ReadUInt32LittleEndian(data.Span[4..]) == Crc32C(payload) ? ReadPayload(payload) : null;
        if (entry is null)
            length = 0;
        return entry is not null;
    }

    private static ConnectionLogEntry? ReadPayload(ReadOnlySpan<byte> payload)
    {
        using var reader = new BinaryReader(new MemoryStream(payload.ToArray()));
        try
        {
            return new ConnectionLogEntry(
                ReadId(reader), reader.ReadString(), reader.ReadString(), ReadId(reader) is var session && session == Guid.Empty ? null : session,
                reader.ReadInt32(), reader.ReadString(), reader.ReadInt32(), new DateTimeOffset(reader.ReadInt64(), TimeSpan.Zero),
                new TimeSpan(reader.ReadInt64()), reader.ReadInt64(), reader.ReadInt64(), (ConnectionStatus)reader.ReadByte(), reader.ReadString());
        }
        catch (Exception e) when (e is IOException or ArgumentException or FormatException)
        {
            return null; // Whole, but not ours.
        }
    }

    private static void WriteId(BinaryWriter writer, Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes);
        writer.Write(bytes);
    }

    private static Guid ReadId(BinaryReader reader)
    {
        Span<byte> bytes = stackalloc byte[16];
        reader.ReadExactly(bytes);
        return new Guid(bytes);
    }

    private static uint Crc32C(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (byte rest in bytes)
            crc = BitOperations.Crc32C(crc, rest);
        return ~crc;
    }
}
