using System.Globalization;
using System.Text;

namespace Rabbit.Host.Commands.Output;

/// <summary>
/// Makes text that somebody else has written safe for a terminal: what could break a line, steer the terminal or turn the order
/// of letters is written as <c>\uXXXX</c>, the rest as it is.
/// </summary>
internal static class TerminalText
{
    /// <summary>The text on one line.</summary>
    public static string Escape(string text) => Escape(text, IsSafe);

    /// <summary>JSON stays JSON with the same meaning; its own line breaks stay.</summary>
    public static string EscapeJson(string json) => Escape(json, rune => rune.Value == '\n' || IsSafe(rune));

    private static string Escape(string text, Func<Rune, bool> isSafe)
    {
        // Most text is plain.
        if (text.All(c => c is >= ' ' and <= '~'))
            return text;
        var safe = new StringBuilder(text.Length + 16);
        for (int i = 0; i < text.Length;)
        {
            bool isWhole = Rune.TryGetRuneAt(text, i, out Rune rune);
            int length = isWhole ? rune.Utf16SequenceLength : 1;
            if (isWhole && isSafe(rune))
            {
                safe.Append(text, i, length);
            }
            else
            {
                foreach (char c in text.AsSpan(i, length))
                    safe.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            }
            i += length;
        }
        return safe.ToString();
    }

    private static bool IsSafe(Rune rune) => Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);
}
