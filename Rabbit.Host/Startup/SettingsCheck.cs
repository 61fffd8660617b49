using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using Rabbit.Tunneling;

namespace Rabbit.Host.Startup;

/// <summary>
/// Reads every configured value once before anything is started, so that a wrong one is told by the name under which it was
/// given: the flag, the variable, or the key in rabbit.json.
/// </summary>
internal static class SettingsCheck
{
    /// <exception cref="FormatException">One sentence about the first value that is wrong.</exception>
    public static void Run(IConfigurationRoot configuration, params IEnumerable<Type> options)
    {
        foreach (PropertyInfo property in options.SelectMany(type => type.GetProperties()).Where(property => property.CanWrite))
        {
            string key = $"{TunnelingOptions.Section}:{property.Name}";
            if (configuration[key] is not { } text)
                continue;
            object? value = Convert(property.PropertyType, text)
                ?? throw new FormatException($"{NameOf(configuration, key)} must be {Describe(property.PropertyType)}, not '{text}'.");
            foreach (ValidationAttribute rule in property.GetCustomAttributes<ValidationAttribute>())
            {
                if (!rule.IsValid(value))
                    throw new FormatException($"{rule.FormatErrorMessage(NameOf(configuration, key)).TrimEnd('.')}, not '{text}'.");
            }
        }
    }

    /// <summary>How the operator gave a setting.</summary>
    public static string NameOf(IConfigurationRoot configuration, string key)
    {
        string name = key[(TunnelingOptions.Section.Length + 1)..];
        IConfigurationProvider? source = configuration.Providers.LastOrDefault(provider => provider.TryGet(key, out _));
        return source switch
        {
            EnvironmentSettings environment => environment.VariableOf(key),
            FileConfigurationProvider => $"{name} in rabbit.json",
            _ => ServerFlag.All.FirstOrDefault(flag => flag.Key == name)?.Name ?? name,
        };
    }

    private static object? Convert(Type type, string text)
    {
        try
        {
            return TypeDescriptor.GetConverter(type).ConvertFromString(null, CultureInfo.InvariantCulture, text);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or NotSupportedException)
        {
            return null;
        }
    }

    private static string Describe(Type type) => type == typeof(int) ? "a whole number"
        : type == typeof(bool) ? "true or false"
        : type == typeof(TimeSpan) ? "a time such as 00:00:30"
        : type.Name;
}
