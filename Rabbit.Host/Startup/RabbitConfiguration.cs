using System.Globalization;
using Rabbit.Persistence;
using Rabbit.Tunneling;

namespace Rabbit.Host.Startup;

/// <summary>
/// Where settings come from: flags, over RABBIT_ variables of the environment (RABBIT_API_PORT is ApiPort), over rabbit.json
/// in the current directory, over the defaults.
/// </summary>
internal static class RabbitConfiguration
{
    private const string Prefix = "RABBIT_";
    private const string Section = TunnelingOptions.Section;

    public static void Add(ConfigurationManager configuration, IReadOnlyDictionary<string, string?> flags)
    {
        configuration.Sources.Clear();
        configuration.AddJsonFile(Path.GetFullPath("rabbit.json"), optional: true, reloadOnChange: false);
        configuration.AddInMemoryCollection(FromEnvironment());
        configuration.AddInMemoryCollection(flags);

        string data = configuration[$"{Section}:Data"]
            ?? Environment.GetEnvironmentVariable("STATE_DIRECTORY")
            ?? "rabbit-data";
        var derived = new Dictionary<string, string?> { [$"{Section}:Data"] = data };
        if (configuration[$"{Section}:PortRange"] is { } range)
        {
            int[] ends = [.. range.Split('-').Select(end => int.TryParse(end, NumberStyles.None, CultureInfo.InvariantCulture, out int port) ? port : 0)];
            if (ends is not [> 0, > 0] || ends[0] > ends[1] || ends[1] > 65535)
                throw new FormatException($"--port-range must look like 10000-20000, not '{range}'.");
            derived[$"{Section}:{nameof(PersistenceOptions.PortRangeStart)}"] = ends[0].ToString(CultureInfo.InvariantCulture);
            derived[$"{Section}:{nameof(PersistenceOptions.PortRangeEnd)}"] = ends[1].ToString(CultureInfo.InvariantCulture);
        }
        configuration.AddInMemoryCollection(derived);
    }

    private static IEnumerable<KeyValuePair<string, string?>> FromEnvironment()
    {
        foreach (System.Collections.DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            string name = (string)variable.Key;
            if (name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
                yield return new($"{Section}:{name[Prefix.Length..].Replace("__", ":", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal)}", (string?)variable.Value);
        }
    }
}
