using System.Globalization;

namespace Rabbit.Host.Display;

/// <summary>Values as people read them; JSON has them exactly.</summary>
internal static class Show
{
    private static readonly string[] Units = ["KiB", "MiB", "GiB", "TiB", "PiB"];

    /// <summary>Where there is no value.</summary>
    public const string Nothing = "-";

    public static string Number(long? number) => number?.ToString(CultureInfo.InvariantCulture) ?? Nothing;

    /// <summary>RFC 3339, UTC, to the second.</summary>
    public static string Time(DateTimeOffset? time, string never = Nothing) =>
        time?.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture) ?? never;

    /// <summary>A limit of which 0 is none.</summary>
    public static string Limit(int limit) => limit == 0 ? "no limit" : Number(limit);

    public static string Bytes(long bytes)
    {
        if (bytes < 1024)
            return string.Create(CultureInfo.InvariantCulture, $"{bytes} B");
        double amount = bytes / 1024.0;
        int unit = 0;
        while (amount >= 1023.95 && unit < Units.Length - 1)
        {
            amount /= 1024;
            unit++;
        }
        return string.Create(CultureInfo.InvariantCulture, $"{amount:0.0} {Units[unit]}");
    }

    public static string Duration(long milliseconds)
    {
        var time = TimeSpan.FromMilliseconds(milliseconds);
        return time.TotalSeconds < 1 ? string.Create(CultureInfo.InvariantCulture, $"{milliseconds} ms")
            : time.TotalMinutes < 1 ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.0} s")
            : time.TotalDays < 1 ? time.ToString("h':'mm':'ss", CultureInfo.InvariantCulture)
            : time.ToString("d'd 'hh':'mm':'ss", CultureInfo.InvariantCulture);
    }

    /// <summary>Milliseconds of a round trip.</summary>
    public static string RoundTrip(TimeSpan? time) =>
        time is { } known ? string.Create(CultureInfo.InvariantCulture, $"{known.TotalMilliseconds:0.0} ms") : Nothing;

    /// <summary>How long ago, in the largest unit.</summary>
    public static string Ago(TimeSpan time) =>
        time.TotalSeconds < 2 ? "now"
        : time.TotalMinutes < 1 ? string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalSeconds} s ago")
        : time.TotalHours < 1 ? string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalMinutes} min ago")
        : time.TotalDays < 1 ? string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours} h ago")
        : string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalDays} d ago");

    /// <summary>Several values in one cell.</summary>
    public static string List(IReadOnlyList<string>? values, string none) => values is { Count: > 0 } ? string.Join(", ", values) : none;
}
