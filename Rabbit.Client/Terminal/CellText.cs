using System.Globalization;
using System.Text;

namespace Rabbit.Client.Terminal;

/// <summary>Text as a terminal lays it out: in cells, of which some characters take two and some none.</summary>
internal static class CellText
{
    /// <summary>How many cells it takes.</summary>
    public static int Width(string text) => text.EnumerateRunes().Sum(Width);

    /// <summary>Cut to a width, with an ellipsis where something is missing.</summary>
    public static string Fit(string text, int width, string ellipsis)
    {
        if (Width(text) <= width)
            return text;
        var kept = new StringBuilder();
        int room = Math.Max(0, width - ellipsis.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            room -= Width(rune);
            if (room < 0)
                break;
            kept.Append(rune.ToString());
        }
        return width < ellipsis.Length ? kept.ToString() : kept.Append(ellipsis).ToString();
    }

    /// <summary>Filled up with blanks.</summary>
    public static string Pad(string text, int width, bool toTheLeft = false)
    {
        string blanks = new(' ', Math.Max(0, width - Width(text)));
        return toTheLeft ? blanks + text : text + blanks;
    }

    // Unicode's East Asian Width, as far as it matters for names and sentences.
    private static int Width(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format
        ? 0
        : rune.Value is (>= 0x1100 and <= 0x115f) or (>= 0x2e80 and <= 0xa4cf) or (>= 0xac00 and <= 0xd7a3) or (>= 0xf900 and <= 0xfaff)
            or (>= 0xfe30 and <= 0xfe6f) or (>= 0xff00 and <= 0xff60) or (>= 0xffe0 and <= 0xffe6) or (>= 0x1f300 and <= 0x1faff) or (>= 0x20000 and <= 0x3fffd)
            ? 2
            : 1;
}
