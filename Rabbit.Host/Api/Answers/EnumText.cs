using System.Text.Json;

namespace Rabbit.Host.Api.Answers;

/// <summary>The names that the API has for the values of an enumeration: the ones that its JSON has.</summary>
internal static class EnumText<T>
    where T : struct, Enum
{
    private static readonly Dictionary<string, T> Values = Enum.GetValues<T>().ToDictionary(
        value => JsonSerializer.SerializeToElement(value, ApiJson.Enums).GetString()!, StringComparer.OrdinalIgnoreCase);

    /// <summary>All of them.</summary>
    public static IReadOnlyCollection<string> Names => Values.Keys;

    /// <summary>Reads a parameter; false when it is none of them, with what to tell the caller.</summary>
    public static bool TryRead(string parameter, string? text, out T? value, out string sentence)
    {
        value = null;
        sentence = "";
        if (text is null)
            return true;
        if (Values.TryGetValue(text, out T known))
        {
            value = known;
            return true;
        }
        sentence = $"{parameter} must be one of {string.Join(", ", Names)}.";
        return false;
    }
}
