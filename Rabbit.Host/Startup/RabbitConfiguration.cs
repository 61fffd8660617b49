using System.Globalization;
using Rabbit.Persistence;
using Rabbit.Tunneling;

namespace Rabbit.Host.Startup;

/// <summary>
/// Where settings come from: flags, over RABBIT_ variables of the environment, over rabbit.json in the current directory,
/// over the defaults.
/// </summary>
internal static class RabbitConfiguration
{
    private const string Section = TunnelingOptions.Section;

    /// <exception cref="FormatException">A setting cannot be read; one sentence that says what to correct.</exception>
    public static void Add(ConfigurationManager configuration, IReadOnlyDictionary<string, string?> flags)
    {
        configuration.Sources.Clear();
        AddFile(configuration);
        configuration.Sources.Add(new EnvironmentSettings());
        configuration.AddInMemoryCollection(flags);
        SettingsCheck.Run(configuration, typeof(TunnelingOptions), typeof(PersistenceOptions), typeof(ApiOptions));
        configuration.AddInMemoryCollection(Derive(configuration));
    }

    private static void AddFile(ConfigurationManager configuration)
    {
        string file = Path.GetFullPath("rabbit.json");
        try
        {
            configuration.AddJsonFile(file, optional: true, reloadOnChange: false);
        }
        catch (InvalidDataException e)
        {
            throw new FormatException($"{file} is not valid JSON ({e.GetBaseException().Message.TrimEnd('.')}); correct it or remove it.", e);
        }
    }

    private static Dictionary<string, string?> Derive(ConfigurationManager configuration)
    {
        string data = configuration[$"{Section}:{nameof(PersistenceOptions.Data)}"]
            ?? Environment.GetEnvironmentVariable("STATE_DIRECTORY") // Set by systemd (systemd.exec(5)).
            ?? "rabbit-data";
        var derived = new Dictionary<string, string?> { [$"{Section}:{nameof(PersistenceOptions.Data)}"] = data };
        const string RangeKey = $"{Section}:PortRange";
        if (configuration[RangeKey] is { } range)
        {
            int[] ends = [.. range.Split('-').Select(end => int.TryParse(end, NumberStyles.None, CultureInfo.InvariantCulture, out int port) ? port : 0)];
            if (ends is not [> 0, > 0] || ends[0] > ends[1] || ends[1] > 65535)
                throw new FormatException($"{SettingsCheck.NameOf(configuration, RangeKey)} must look like 10000-20000, not '{range}'.");
            derived[$"{Section}:{nameof(PersistenceOptions.PortRangeStart)}"] = ends[0].ToString(CultureInfo.InvariantCulture);
            derived[$"{Section}:{nameof(PersistenceOptions.PortRangeEnd)}"] = ends[1].ToString(CultureInfo.InvariantCulture);
        }
        return derived;
    }
}
