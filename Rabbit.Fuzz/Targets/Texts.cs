using System.Globalization;
using System.Text;
using Rabbit.Client.Connection;
using Rabbit.Tunneling.Sessions;

namespace Rabbit.Fuzz.Targets;

/// <summary>What peers say of themselves, as it is shown: one short line that steers no terminal.</summary>
internal static class Texts
{
    private const int LongestShown = 600;

    public static void Run(byte[] input)
    {
        string utf8 = Encoding.UTF8.GetString(input);
        string utf16 = Encoding.Unicode.GetString(input);
        foreach (string text in new[] { utf8, utf16 })
        {
            Check(PeerText.Escape(text));
            Check(ServerText.Escape(text));
        }
    }

    private static void Check(string shown)
    {
        BrokenException.Unless(shown.Length <= LongestShown, "A text is long.");
        foreach (Rune rune in shown.EnumerateRunes())
        {
            BrokenException.Unless(
                Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator),
                "A text could steer a terminal.");
        }
    }
}
