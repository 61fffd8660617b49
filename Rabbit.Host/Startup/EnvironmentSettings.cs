using System.Collections;
using Rabbit.Tunneling;

namespace Rabbit.Host.Startup;

/// <summary>The variables RABBIT_... of the environment: RABBIT_API_PORT is the flag --api-port, and any other setting by its name.</summary>
internal sealed class EnvironmentSettings : ConfigurationProvider, IConfigurationSource
{
    /// <summary>What the variables begin with.</summary>
    public const string Prefix = "RABBIT_";

    private readonly Dictionary<string, string> _variables = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The name of the variable that sets a key.</summary>
    public string VariableOf(string key) => _variables[key];

    /// <inheritdoc/>
    public IConfigurationProvider Build(IConfigurationBuilder builder) => this;

    /// <inheritdoc/>
    public override void Load()
    {
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            string name = (string)variable.Key;
            if (!name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
                continue;
            string key = ServerFlag.All.FirstOrDefault(flag => flag.Variable.Equals(name, StringComparison.OrdinalIgnoreCase))?.Key
                ?? name[Prefix.Length..].Replace("__", ":", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal);
            _variables[$"{TunnelingOptions.Section}:{key}"] = name;
            Data[$"{TunnelingOptions.Section}:{key}"] = (string?)variable.Value;
        }
    }
}
