using System.Text.RegularExpressions;
using Rabbit.Host.Settings;
using Rabbit.Tunneling;

namespace Rabbit.Host.Startup;

/// <summary>The names under which the operator gave the settings.</summary>
internal static partial class SettingNames
{
    /// <summary>How a setting was given: the flag, the variable, or the key in rabbit.json; its flag when it was not given.</summary>
    public static string NameOf(IConfigurationRoot configuration, string key)
    {
        string name = key[(TunnelingOptions.Section.Length + 1)..];
        IConfigurationProvider? source = configuration.Providers.LastOrDefault(provider => provider.TryGet(key, out _));
        return source switch
        {
            SecretFileSettings files => $"The file of {files.NameOf(key)}",
            EnvironmentSettings environment => environment.VariableOf(key),
            FileConfigurationProvider file => $"{name} in {Path.GetFileName(file.Source.Path)}",
            _ => ServerFlag.All.FirstOrDefault(flag => flag.Key == name)?.Name ?? name,
        };
    }

    /// <summary>A sentence that names flags, with the names under which those settings were given instead.</summary>
    public static string Use(IConfigurationRoot configuration, string sentence) => FlagPattern().Replace(
        sentence, match => ServerFlag.All.FirstOrDefault(flag => flag.Name == match.Value) is { } flag
            ? NameOf(configuration, $"{TunnelingOptions.Section}:{flag.Key}")
            : match.Value);

    [GeneratedRegex("(?<![^ ])--[a-z-]+")]
    private static partial Regex FlagPattern();
}
