using System.Globalization;
using System.Text;

namespace Rabbit.Client.Connection;

/// <summary>Makes text that the server sent safe for a log and a terminal: one line, capped, without control characters.</summary>
internal static class ServerText
{
    private const int MaximumLength = 512;

    /// <summary>Replaces every character that could break a line or steer a terminal, and caps the length.</summary>
    public static string Escape(string text)
    {
        var safe = new StringBuilder(Math.Min(text.Length, MaximumLength));
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (safe.Length >= MaximumLength)
                return safe.Append('…').ToString();
            safe.Append(IsSafe(rune) ? rune.ToString() : "\uFFFD");
        }
        return safe.ToString();
    }

    private static bool IsSafe(Rune rune) => Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);
}
