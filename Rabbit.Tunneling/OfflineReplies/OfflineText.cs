using System.Globalization;
using System.Text;

namespace Rabbit.Tunneling.OfflineReplies;

/// <summary>
/// A sentence of the operator's for visitors of an absent client: one line of any script, in which <c>{port}</c>, <c>{tunnel}</c> (the
/// token's name) and <c>{since}</c> (when the client left, UTC) are replaced.
/// </summary>
internal static class OfflineText
{
    /// <summary>Longest sentence that an operator may set, in UTF-16 characters.</summary>
    public const int MaxLength = 200;

    /// <summary>Longest that it becomes when what it names is filled in; of more the rest is cut off.</summary>
    public const int MaxExpandedLength = 300;

    private static readonly string[] Placeholders = ["{port}", "{tunnel}", "{since}"];

    /// <summary>True for a text that can be told: short enough, on one line, with no braces but those of known names.</summary>
    public static bool IsValid(string text)
    {
        if (text.Length > MaxLength || !text.EnumerateRunes().All(IsPrintable))
            return false;
        foreach (string placeholder in Placeholders)
            text = text.Replace(placeholder, "", StringComparison.Ordinal);
        return !text.AsSpan().ContainsAny('{', '}');
    }

    /// <summary>Fills in what the text names. What comes from elsewhere (the tunnel's name) becomes printable too.</summary>
    public static string Expand(string text, int port, string tunnel, DateTimeOffset since)
    {
        var expanded = new StringBuilder(text)
            .Replace("{port}", port.ToString(CultureInfo.InvariantCulture))
            .Replace("{since}", since.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture))
            .Replace("{tunnel}", tunnel); // Last: a name that looks like a placeholder is none.
        var safe = new StringBuilder(expanded.Length);
        foreach (Rune rune in expanded.ToString().EnumerateRunes())
        {
            if (safe.Length + rune.Utf16SequenceLength > MaxExpandedLength)
                break;
            safe.Append(IsPrintable(rune) ? rune : Rune.ReplacementChar);
        }
        return safe.ToString();
    }

    // Neither the end of a line or of a field in any of the protocols, nor what a terminal or a browser would take for a command.
    private static bool IsPrintable(Rune rune) => rune != Rune.ReplacementChar && Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);
}
