using System.Buffers;
using System.Text;

namespace Rabbit.Persistence.Management;

/// <summary>What names and descriptions may be.</summary>
internal static class NameRules
{
    private const int LongestName = 100;
    private const int LongestDescription = 1000;

    /// <summary>A name without the space around it.</summary>
    public static string Trim(string? name) => name?.Trim() ?? "";

    /// <summary>The text with this character for each that a name must not hold. It must be valid Unicode.</summary>
    public static string Replace(string text, char replacement) => string.Concat(text.Select(c => IsDeceptive(c) ? replacement : c));

    /// <summary>One sentence when the name is not valid, or null.</summary>
    public static string? CheckName(string name, string what) => name switch
    {
        "" => $"The {what} needs a name of 1 to {LongestName} characters.",
        { Length: > LongestName } => $"The {what}'s name is longer than {LongestName} characters; shorten it.",
        _ when name.Any(IsDeceptive) => $"The {what}'s name must not hold control characters, nor characters that change the direction or the line.",
        _ when !IsText(name) => $"The {what}'s name is not valid Unicode text; write it anew.",
        _ => null,
    };

    /// <summary>One sentence when the description is not valid, or null.</summary>
    public static string? CheckDescription(string? description) => description switch
    {
        { Length: > LongestDescription } => $"The description is longer than {LongestDescription} characters; shorten it.",
        not null when description.Contains('\0', StringComparison.Ordinal) => "The description must not hold a NUL character.",
        not null when !IsText(description) => "The description is not valid Unicode text; write it anew.",
        _ => null,
    };

    /// <summary>True for what ids are made of; others no row has, and some of them PostgreSQL would not even look up.</summary>
    public static bool IsId(string? id) => id is not null && id.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');

    /// <summary>True for text that a database can hold; other text no row has.</summary>
    public static bool IsStorable(string? text) => text is null || (!text.Contains('\0', StringComparison.Ordinal) && IsText(text));

    // Controls, line and paragraph separators, and what overrides or isolates the direction of writing (UAX #9): with them a name
    // can look like another.
    private static bool IsDeceptive(char c) =>
        char.IsControl(c) || c is '\u2028' or '\u2029' or (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069');

    // Half of a surrogate pair has no UTF-8, so that no database could store it.
    private static bool IsText(string text)
    {
        for (ReadOnlySpan<char> rest = text; rest.Length > 0;)
        {
            if (Rune.DecodeFromUtf16(rest, out _, out int consumed) != OperationStatus.Done)
                return false;
            rest = rest[consumed..];
        }
        return true;
    }
}
