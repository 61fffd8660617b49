using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using Rabbit.Host.Alerts;
using Rabbit.Host.Startup;
using Rabbit.Persistence;
using Rabbit.Tunneling;

namespace Rabbit.Host.Settings;

/// <summary>Every setting that there is: those of the options types, and the one that stands for two of them.</summary>
internal static class KnownSettings
{
    /// <summary>Both ends of the port range in one.</summary>
    public const string PortRange = "PortRange";

    /// <summary>The types whose properties are settings.</summary>
    public static IReadOnlyList<Type> OptionTypes { get; } = [typeof(TunnelingOptions), typeof(PersistenceOptions), typeof(ApiOptions), typeof(AlertOptions)];

    /// <summary>All of them, in the order of their types; a key that two types share comes once.</summary>
    public static IReadOnlyList<Setting> All { get; } = [.. OptionTypes
        .SelectMany(type => Properties(type).Select(property => Describe(property, Activator.CreateInstance(type)!)))
        .Append(new Setting(PortRange, typeof(string), "10000-20000", FlagOf(PortRange), VariableOf(PortRange), "FIRST-LAST"))
        .DistinctBy(setting => setting.Key)];

    private static readonly Dictionary<string, Setting> ByKey = All.ToDictionary(setting => setting.Key, StringComparer.OrdinalIgnoreCase);

    /// <summary>The setting of this name, in any case; or null.</summary>
    public static Setting? Find(string key) => ByKey.GetValueOrDefault(key);

    /// <summary>The properties of an options type that can be configured.</summary>
    public static IEnumerable<PropertyInfo> Properties(Type options) => options.GetProperties().Where(property => property.CanWrite);

    private static Setting Describe(PropertyInfo property, object defaults) => new(
        property.Name, property.PropertyType, property.GetValue(defaults), FlagOf(property.Name), VariableOf(property.Name),
        property.GetCustomAttribute<RangeAttribute>() is { } range ? Limits(range) : "");

    // The one flag without a value is not in the list.
    private static string? FlagOf(string key) =>
        ServerFlag.All.FirstOrDefault(flag => flag.Key == key)?.Name ?? (key == nameof(TunnelingOptions.AllowPlaintext) ? "--allow-plaintext" : null);

    // HandshakeTimeout -> RABBIT_HANDSHAKE_TIMEOUT
    private static string VariableOf(string key) => ServerFlag.All.FirstOrDefault(flag => flag.Key == key)?.Variable
        ?? EnvironmentSettings.Prefix + string.Concat(key.Select((letter, at) => at > 0 && char.IsUpper(letter) ? $"_{letter}" : $"{char.ToUpperInvariant(letter)}"));

    private static string Limits(RangeAttribute range)
    {
        string least = Convert.ToString(range.Minimum, CultureInfo.InvariantCulture)!;
        return range.Maximum is double or long or int && Convert.ToDouble(range.Maximum, CultureInfo.InvariantCulture) < long.MaxValue
            ? $"{least} to {Convert.ToString(range.Maximum, CultureInfo.InvariantCulture)}"
            : $"at least {Convert.ToDouble(range.Minimum, CultureInfo.InvariantCulture):0}";
    }
}
