using System.Globalization;
using System.Text;

namespace Rabbit.Tunneling.Sessions;

/// <summary>Makes text that a peer sent safe to log, store and show: capped, and without control characters.</summary>
internal static class PeerText
{
    private const int MaximumLength = 128;

    /// <summary>Replaces every character that could break a line or a terminal by its code, and caps the length.</summary>
    public static string Escape(string text)
    {
        var safe = new StringBuilder(Math.Min(text.Length, MaximumLength));
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (safe.Length >= MaximumLength)
                return safe.Append('…').ToString();
            if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned)
                safe.Append(CultureInfo.InvariantCulture, $"\\u{{{rune.Value:x}}}");
            else
                safe.Append(rune.ToString());
        }
        return safe.ToString();
    }
}
