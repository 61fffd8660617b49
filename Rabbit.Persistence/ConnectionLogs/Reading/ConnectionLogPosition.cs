using System.Buffers.Binary;
using System.Buffers.Text;

namespace Rabbit.Persistence.ConnectionLogs.Reading;

/// <summary>A row's place in the log. As text, which callers take and give back without looking into it, it is a cursor.</summary>
internal sealed record ConnectionLogPosition(DateTimeOffset StartedAt, Guid Id)
{
    private const int IdLength = 16;
    private const int Length = sizeof(long) + IdLength;

    /// <summary>The cursor that leads to the rows behind this one.</summary>
    public string ToCursor()
    {
        Span<byte> bytes = stackalloc byte[Length];
        BinaryPrimitives.WriteInt64BigEndian(bytes, StartedAt.UtcTicks);
        Id.TryWriteBytes(bytes[sizeof(long)..], bigEndian: true, out _);
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>Reads a cursor; null when <paramref name="cursor"/> is none of ours.</summary>
    public static ConnectionLogPosition? Parse(string cursor)
    {
        Span<byte> bytes = stackalloc byte[Length];
        if (cursor.Length != Base64Url.GetEncodedLength(Length) || !Base64Url.IsValid(cursor, out int length) || length != Length)
            return null;
        Base64Url.DecodeFromChars(cursor, bytes);
        long ticks = BinaryPrimitives.ReadInt64BigEndian(bytes);
        return ticks >= DateTimeOffset.MinValue.UtcTicks && ticks <= DateTimeOffset.MaxValue.UtcTicks
            ? new ConnectionLogPosition(new DateTimeOffset(ticks, TimeSpan.Zero), new Guid(bytes[sizeof(long)..], bigEndian: true))
            : null;
    }
}
