namespace Rabbit.Persistence.Management;

/// <summary>What names and descriptions may be.</summary>
internal static class NameRules
{
    private const int LongestName = 100;
    private const int LongestDescription = 1000;

    /// <summary>One sentence when the name is not valid, or null.</summary>
    public static string? CheckName(string? name, string what) => name switch
    {
        null or "" => $"The {what} needs a name of 1 to {LongestName} characters.",
        { Length: > LongestName } => $"The {what}'s name is longer than {LongestName} characters; shorten it.",
        _ when name != name.Trim() => $"The {what}'s name must not begin or end with a space.",
        _ when name.Any(char.IsControl) => $"The {what}'s name must not hold control characters.",
        _ => null,
    };

    /// <summary>One sentence when the description is not valid, or null.</summary>
    public static string? CheckDescription(string? description) => description switch
    {
        { Length: > LongestDescription } => $"The description is longer than {LongestDescription} characters; shorten it.",
        not null when description.Contains('\0', StringComparison.Ordinal) => "The description must not hold a NUL character.",
        _ => null,
    };
}
