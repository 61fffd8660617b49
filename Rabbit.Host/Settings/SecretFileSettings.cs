using Rabbit.Host.Startup;
using Rabbit.Persistence;
using Rabbit.Tunneling;

namespace Rabbit.Host.Settings;

/// <summary>Settings that hold a password and were given as the name of a file, as containers get their secrets.</summary>
internal sealed class SecretFileSettings : ConfigurationProvider, IConfigurationSource
{
    private static readonly (string Setting, string File)[] Pairs =
    [
        (nameof(PersistenceOptions.Database), nameof(PersistenceOptions.DatabaseFile)), (nameof(PersistenceOptions.Redis), nameof(PersistenceOptions.RedisFile)),
    ];

    private readonly Dictionary<string, string> _names = new(StringComparer.OrdinalIgnoreCase);

    private SecretFileSettings()
    {
    }

    /// <summary>Reads the files that are named.</summary>
    /// <exception cref="FormatException">One cannot be read, or the setting was given itself, too; one sentence.</exception>
    public static SecretFileSettings Read(IConfigurationRoot configuration)
    {
        var read = new SecretFileSettings();
        foreach (var (setting, fileSetting) in Pairs)
        {
            string key = ConfigurationPath.Combine(TunnelingOptions.Section, setting), fileKey = ConfigurationPath.Combine(TunnelingOptions.Section, fileSetting);
            if (configuration[fileKey] is not { Length: > 0 } file)
                continue;
            string name = SettingNames.NameOf(configuration, fileKey);
            if (configuration[key] is { Length: > 0 })
                throw new FormatException($"Give either {SettingNames.NameOf(configuration, key)} or {name}, not both.");
            read._names[key] = name;
            read.Data[key] = ReadFile(file, name);
        }
        return read;
    }

    /// <summary>The name under which the file of a setting was given.</summary>
    public string NameOf(string key) => _names[key];

    /// <inheritdoc/>
    public IConfigurationProvider Build(IConfigurationBuilder builder) => this;

    private static string ReadFile(string file, string name)
    {
        try
        {
            return File.ReadAllText(file).Trim() is { Length: > 0 } text ? text : throw new FormatException($"The file of {name} is empty; write the connection string into it.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FormatException($"{name} cannot be read ({e.Message.TrimEnd('.')}); give this account the right to, or name another file.", e);
        }
    }
}
