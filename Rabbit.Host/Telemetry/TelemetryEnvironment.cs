using System.Collections;

namespace Rabbit.Host.Telemetry;

/// <summary>The standard variables OTEL_... of the environment, under their own names: OpenTelemetry asks the configuration for them.</summary>
internal sealed class TelemetryEnvironment : ConfigurationProvider, IConfigurationSource
{
    private const string Prefix = "OTEL_";

    /// <inheritdoc/>
    public IConfigurationProvider Build(IConfigurationBuilder builder) => this;

    /// <inheritdoc/>
    public override void Load()
    {
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            var name = (string)variable.Key;
            if (name.StartsWith(Prefix, StringComparison.Ordinal))
                Data[name] = (string?)variable.Value;
        }
    }
}
