using System.Globalization;
using System.Net;
using Rabbit.Host.Alerts;
using Rabbit.Host.Settings;
using Rabbit.Persistence;
using Rabbit.Persistence.Management;
using Rabbit.Tunneling;

namespace Rabbit.Host.Startup;

/// <summary>
/// Where settings come from: flags, over RABBIT_ variables of the environment, over rabbit.json in the current directory,
/// over the defaults.
/// </summary>
internal static class RabbitConfiguration
{
    private const string Section = TunnelingOptions.Section;

    /// <summary>The file in the current directory.</summary>
    public const string FileName = "rabbit.json";

    private const string RangeKey = $"{Section}:{KnownSettings.PortRange}";
    private const string CertificateKey = $"{Section}:{nameof(TunnelingOptions.CertificateFile)}";
    private const string CertificateKeyKey = $"{Section}:{nameof(TunnelingOptions.CertificateKeyFile)}";
    private const string DataKey = $"{Section}:{nameof(PersistenceOptions.Data)}";

    /// <summary>The settings of a server that is started here with these flags.</summary>
    /// <param name="flags">Configuration that goes before all other: keys such as <c>Rabbit:Port</c>.</param>
    /// <param name="file">The file to read in place of rabbit.json, which then must be there; or null.</param>
    /// <exception cref="FormatException">A setting cannot be read, or is none; one sentence that says what to correct.</exception>
    public static IConfigurationRoot Read(IReadOnlyDictionary<string, string?> flags, string? file = null)
    {
        ConfigurationManager configuration = Gather(flags, file);
        UnknownKeys.Check(configuration);
        SettingsCheck.Run(configuration, KnownSettings.OptionTypes);
        configuration.AddInMemoryCollection(ReadPortRange(configuration));
        configuration.Sources.Add(SecretFileSettings.Read(configuration));
        CheckTogether(configuration);
        AlertSettings.Check(configuration);
        ConnectionStrings.Check(configuration);
        return configuration;
    }

    /// <summary>The data directory of a server that is started here; nothing else is looked at.</summary>
    /// <param name="flag">What --data says, or null.</param>
    /// <exception cref="FormatException">rabbit.json cannot be read, or the directory has no name.</exception>
    public static string ReadData(string? flag)
    {
        using ConfigurationManager configuration = Gather(flag is null ? [] : new Dictionary<string, string?> { [DataKey] = flag });
        return configuration[DataKey] is { Length: > 0 } data ? data : throw new FormatException($"{SettingNames.NameOf(configuration, DataKey)} must not be empty.");
    }

    private static ConfigurationManager Gather(IReadOnlyDictionary<string, string?> flags, string? file = null)
    {
        var configuration = new ConfigurationManager();
        configuration.AddInMemoryCollection([new(DataKey, DefaultData())]);
        AddFile(configuration, file);
        configuration.Sources.Add(new EnvironmentSettings());
        configuration.Sources.Add(new FlagSettings(flags));
        return configuration;
    }

    private static void AddFile(ConfigurationManager configuration, string? named)
    {
        string file = Path.GetFullPath(named ?? FileName);
        try
        {
            configuration.AddJsonFile(file, optional: named is null, reloadOnChange: false);
        }
        catch (InvalidDataException e)
        {
            throw new FormatException($"{file} is not valid JSON ({e.GetBaseException().Message.TrimEnd('.')}); correct it or remove it.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FormatException($"{file} cannot be read ({e.GetBaseException().Message.TrimEnd('.')}); give this account the right to, or run this elsewhere.", e);
        }
    }

    // systemd names the directories of a unit here, with colons between them (systemd.exec(5)).
    private static string DefaultData() =>
        Environment.GetEnvironmentVariable("STATE_DIRECTORY")?.Split(':')[0] is { Length: > 0 } directory ? directory : "rabbit-data";

    private static Dictionary<string, string?> ReadPortRange(ConfigurationManager configuration)
    {
        if (configuration[RangeKey] is not { } range)
            return [];
        if (!PortRange.TryParse(range, out PortRange ports))
            throw new FormatException($"{SettingNames.NameOf(configuration, RangeKey)} must look like 10000-20000, not '{range}'.");
        return new Dictionary<string, string?>
        {
            [$"{Section}:{nameof(PersistenceOptions.PortRangeStart)}"] = ports.First.ToString(CultureInfo.InvariantCulture),
            [$"{Section}:{nameof(PersistenceOptions.PortRangeEnd)}"] = ports.Last.ToString(CultureInfo.InvariantCulture),
        };
    }

    // What is right by itself and wrong with another.
    private static void CheckTogether(ConfigurationManager configuration)
    {
        if (configuration[CertificateKeyKey] is { Length: > 0 } && configuration[CertificateKey] is not { Length: > 0 })
            throw new FormatException($"{SettingNames.NameOf(configuration, CertificateKeyKey)} needs the certificate too; name its file with --certificate.");
        PersistenceOptions persistence = configuration.GetSection(Section).Get<PersistenceOptions>()!;
        if (persistence.PortRangeStart > persistence.PortRangeEnd)
            throw new FormatException($"The port range {persistence.PortRangeStart}-{persistence.PortRangeEnd} is empty; give both ends with --port-range, such as 10000-20000.");
        TunnelingOptions tunneling = configuration.GetSection(Section).Get<TunnelingOptions>()!;
        if (tunneling.IsClustered)
            CheckNode(configuration, tunneling, persistence);
    }

    private static void CheckNode(ConfigurationManager configuration, TunnelingOptions tunneling, PersistenceOptions persistence)
    {
        string bind = SettingNames.NameOf(configuration, $"{Section}:{nameof(TunnelingOptions.ClusterBind)}");
        if (persistence.Database.Length == 0)
            throw new FormatException($"{bind} makes this server a node of a cluster, which needs PostgreSQL; name the nodes' common database with --database.");
        if (persistence.Redis.Length == 0)
            throw new FormatException($"{bind} makes this server a node of a cluster, which needs Redis; name the nodes' common one with --redis.");
        if (IPEndPoint.Parse(tunneling.NodeAddress) is { Address: var address } && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)))
            throw new FormatException($"Other nodes cannot connect to {tunneling.NodeAddress}; say with --cluster-address at which address and port they reach this one.");
        (string Flag, string File, string What)[] files =
        [
            ("--cluster-authority-file", tunneling.ClusterAuthorityFile, "the nodes' authority"),
            ("--cluster-certificate-file", tunneling.ClusterCertificateFile, "a certificate"),
            ("--cluster-certificate-key-file", tunneling.ClusterCertificateKeyFile, "its certificate's private key"),
        ];
        foreach (var (flag, _, what) in files.Where(file => file.File.Length == 0))
            throw new FormatException($"A node of a cluster needs {what}; name the file with {flag} ('rabbit cluster certificate' makes all three).");
    }
}
