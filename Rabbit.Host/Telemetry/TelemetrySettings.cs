namespace Rabbit.Host.Telemetry;

/// <summary>
/// What the standard variables ask for ("OpenTelemetry Environment Variable Specification", "OpenTelemetry Protocol Exporter"). Where
/// they name no receiver, nothing is exported; metrics are there to be scraped all the same.
/// </summary>
/// <param name="IsDisabled">True when nothing at all is to be recorded.</param>
/// <param name="Traces">True when traces are exported.</param>
/// <param name="Metrics">True when metrics are exported, beside being there to be scraped.</param>
/// <param name="Logs">True when logs are exported.</param>
/// <param name="HasSampler">True when the sampler is chosen by the variables.</param>
internal sealed record TelemetrySettings(bool IsDisabled, bool Traces, bool Metrics, bool Logs, bool HasSampler)
{
    /// <summary>Reads the variables.</summary>
    public static TelemetrySettings Read(IConfiguration configuration)
    {
        bool isDisabled = string.Equals(configuration["OTEL_SDK_DISABLED"], "true", StringComparison.OrdinalIgnoreCase);
        return new TelemetrySettings(
            isDisabled, Exports("TRACES"), Exports("METRICS"), Exports("LOGS"), configuration["OTEL_TRACES_SAMPLER"] is { Length: > 0 });

        bool Exports(string signal) => !isDisabled
            && configuration[$"OTEL_{signal}_EXPORTER"] is not "none"
            && (configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] is { Length: > 0 } || configuration[$"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT"] is { Length: > 0 });
    }
}
