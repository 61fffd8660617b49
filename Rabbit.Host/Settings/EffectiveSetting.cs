using Rabbit.Host.Startup;
using Rabbit.Persistence;
using Rabbit.Tunneling;

namespace Rabbit.Host.Settings;

/// <summary>A setting as it is in effect.</summary>
/// <param name="Key">Its name.</param>
/// <param name="Value">What it is, fit to be shown.</param>
/// <param name="Source">Where it was given: a flag, a variable, a file, or <see cref="Default"/>.</param>
/// <param name="Kind">The same in general.</param>
internal sealed record EffectiveSetting(string Key, string Value, string Source, string Kind)
{
    /// <summary>The source of what was not given.</summary>
    public const string Default = "default";

    /// <summary>All of them, by name. The port range comes in the form in which it was given.</summary>
    public static IEnumerable<EffectiveSetting> ReadAll(IConfigurationRoot configuration)
    {
        bool isRangeGiven = configuration[PathOf(KnownSettings.PortRange)] is not null;
        return KnownSettings.All
            .Where(setting => setting.Key is nameof(PersistenceOptions.PortRangeStart) or nameof(PersistenceOptions.PortRangeEnd) ? !isRangeGiven
                : setting.Key != KnownSettings.PortRange || isRangeGiven)
            .OrderBy(setting => setting.Key, StringComparer.Ordinal).Select(setting => Read(configuration, setting));
    }

    private static EffectiveSetting Read(IConfigurationRoot configuration, Setting setting)
    {
        string path = PathOf(setting.Key);
        var (source, kind) = configuration.Providers.LastOrDefault(provider => provider.TryGet(path, out _)) switch
        {
            SecretFileSettings files => ($"file of {files.NameOf(path)}", "files"),
            FlagSettings => (setting.Flag ?? setting.Key, "flags"),
            EnvironmentSettings environment => (environment.VariableOf(path), "the environment"),
            FileConfigurationProvider file => (Path.GetFileName(file.Source.Path)!, Path.GetFileName(file.Source.Path)!),
            _ => (Default, Default),
        };
        return new EffectiveSetting(setting.Key, ShownValue.Of(setting.Key, configuration[path] ?? setting.DefaultText), source, kind);
    }

    private static string PathOf(string key) => ConfigurationPath.Combine(TunnelingOptions.Section, key);
}
