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

    /// <summary>One sentence when the name is not valid, or null.</summary>
    public static string? CheckName(string name, string what) => name switch
    {
        "" => $"The {what} needs a name of 1 to {LongestName} characters.",
        { Length: > LongestName } => $"The {what}'s name is longer than {LongestName} characters; shorten it.",
        _ when name.Any(char.IsControl) => $"The {what}'s name must not hold control characters.",
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
