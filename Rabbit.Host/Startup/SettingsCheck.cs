using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using Rabbit.Host.Settings;
using Rabbit.Tunneling;

namespace Rabbit.Host.Startup;

/// <summary>
/// Reads every configured value once before anything is started, so that a wrong one is told by the name under which it was
/// given: the flag, the variable, or the key in rabbit.json.
/// </summary>
internal static class SettingsCheck
{
    private static readonly TimeSpan LongestTime = TimeSpan.FromDays(24);

    /// <exception cref="FormatException">One sentence about the first value that is wrong.</exception>
    public static void Run(IConfigurationRoot configuration, IEnumerable<Type> options)
    {
        foreach (PropertyInfo property in options.SelectMany(KnownSettings.Properties))
        {
            string key = $"{TunnelingOptions.Section}:{property.Name}";
            if (configuration[key] is not { } text)
                continue;
            string name = SettingNames.NameOf(configuration, key);
            object? value = Convert(property.PropertyType, text)
                ?? throw new FormatException($"{name} must be {Describe(property.PropertyType)}, not '{text}'.");
            foreach (ValidationAttribute rule in property.GetCustomAttributes<ValidationAttribute>())
            {
                if (rule is RequiredAttribute && text.Length == 0)
                    throw new FormatException($"{name} must not be empty.");
                if (!rule.IsValid(value))
                    throw new FormatException($"{rule.FormatErrorMessage(name).TrimEnd('.')}, not '{text}'.");
            }
        }
    }

    private static object? Convert(Type type, string text)
    {
        if (type == typeof(TimeSpan))
            return ConvertTime(text);
        try
        {
            return TypeDescriptor.GetConverter(type).ConvertFromString(null, CultureInfo.InvariantCulture, text);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or NotSupportedException)
        {
            return null;
        }
    }

    // A bare number would be days to .NET, which nobody means; and its timers take no longer times.
    private static TimeSpan? ConvertTime(string text) =>
        text.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out TimeSpan time)
        && time >= TimeSpan.Zero && time <= LongestTime ? time : null;

    private static string Describe(Type type) => type == typeof(int) ? "a whole number"
        : type == typeof(bool) ? "true or false"
        : type == typeof(TimeSpan) ? "a time such as 00:00:30, up to 24 days"
        : type.Name;
}
