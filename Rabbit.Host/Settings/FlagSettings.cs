namespace Rabbit.Host.Settings;

/// <summary>What flags of the command line say, which goes before all else.</summary>
internal sealed class FlagSettings(IReadOnlyDictionary<string, string?> flags) : ConfigurationProvider, IConfigurationSource
{
    /// <inheritdoc/>
    public IConfigurationProvider Build(IConfigurationBuilder builder) => this;

    /// <inheritdoc/>
    public override void Load()
    {
        foreach (var (key, value) in flags)
            Data[key] = value;
    }
}
