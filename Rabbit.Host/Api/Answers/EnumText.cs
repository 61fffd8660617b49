using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Rabbit.Host.Api.Answers;

/// <summary>The names that the API has for the values of an enumeration, in JSON and in parameters.</summary>
internal static class EnumText<T>
    where T : struct, Enum
{
    private static readonly Dictionary<T, string> NameOf = Enum.GetValues<T>().ToDictionary(
        value => value,
        value => typeof(T).GetField(value.ToString())!.GetCustomAttribute<JsonStringEnumMemberNameAttribute>()?.Name
            ?? JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString()));

    private static readonly Dictionary<string, T> Values = NameOf.ToDictionary(pair => pair.Value, pair => pair.Key, StringComparer.OrdinalIgnoreCase);

    /// <summary>All of them.</summary>
    public static IReadOnlyCollection<string> Names => Values.Keys;

    /// <summary>The name of a value.</summary>
    public static string Of(T value) => NameOf[value];

    /// <summary>The value of a name, in whatever case.</summary>
    public static bool TryParse(string? text, out T value)
    {
        value = default;
        return text is not null && Values.TryGetValue(text, out value);
    }

    /// <summary>Reads a parameter; false when it is none of them, with what to tell the caller.</summary>
    public static bool TryRead(string parameter, string? text, out T? value, out string sentence)
    {
        bool isKnown = TryParse(text, out T known);
        value = isKnown ? known : null;
        sentence = isKnown || text is null ? "" : $"{parameter} must be one of {string.Join(", ", Names)}.";
        return sentence.Length == 0;
    }
}
