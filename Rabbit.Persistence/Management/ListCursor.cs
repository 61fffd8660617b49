using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;

namespace Rabbit.Persistence.Management;

/// <summary>The last row of a page. As text, which callers take and give back without looking into it, it leads to the next page.</summary>
/// <param name="List">Which list it is of, so that a cursor of another is refused.</param>
/// <param name="Position">What the list is ordered by: a port, or a time in ticks (UTC).</param>
/// <param name="Id">What decides between rows of one position, or empty.</param>
internal sealed record ListCursor(char List, long Position, string Id)
{
    private const int HeaderLength = 1 + sizeof(long);
    private const int LongestId = 64;
    private const int LongestPage = 1000;

    /// <summary>The time that the list is ordered by.</summary>
    public DateTimeOffset At => new(Position, TimeSpan.Zero);

    public static ListCursor Of(char list, DateTimeOffset at, string id) => new(list, at.UtcTicks, id);

    /// <summary>One sentence when a page cannot be asked for like this, or null and where it begins (null for the first).</summary>
    public static string? Check(char list, string? cursor, int limit, out ListCursor? after)
    {
        after = null;
        if (limit is < 1 or > LongestPage)
            return $"limit must be 1 to {LongestPage}.";
        return cursor is null || (after = Parse(list, cursor)) is not null
            ? null
            : "The cursor is none of this route's; send what the page before gave as next, or none for the first page.";
    }

    /// <summary>Makes a page of what was found: one row more than asked for, when there is more.</summary>
    public static Page<T> ToPage<TRow, T>(IReadOnlyList<TRow> found, int limit, Func<TRow, T> show, Func<TRow, ListCursor> cursorOf) => new(
        [.. found.Take(limit).Select(show)], found.Count > limit ? cursorOf(found[limit - 1]).ToText() : null);

    private string ToText()
    {
        byte[] bytes = new byte[HeaderLength + Encoding.UTF8.GetByteCount(Id)];
        bytes[0] = (byte)List;
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(1), Position);
        Encoding.UTF8.GetBytes(Id, bytes.AsSpan(HeaderLength));
        return Base64Url.EncodeToString(bytes);
    }

    private static ListCursor? Parse(char list, string text)
    {
        if (text.Length > Base64Url.GetEncodedLength(HeaderLength + LongestId) || !Base64Url.IsValid(text, out int length) || length < HeaderLength)
            return null;
        byte[] bytes = Base64Url.DecodeFromChars(text);
        long position = BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(1));
        string id = Encoding.UTF8.GetString(bytes.AsSpan(HeaderLength));
        return bytes[0] == list && position >= 0 && position <= DateTimeOffset.MaxValue.UtcTicks && NameRules.IsId(id)
            ? new ListCursor(list, position, id)
            : null;
    }
}
