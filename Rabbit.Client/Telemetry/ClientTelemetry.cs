using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Rabbit.Client.Telemetry;

/// <summary>
/// Traces and logs to an OTLP receiver where the standard variables name one (docs/telemetry.md); nothing is made or recorded
/// otherwise.
/// </summary>
internal static class ClientTelemetry
{
    /// <summary>Of the traces that begin here, where the variables do not choose otherwise; those of the server decide themselves.</summary>
    private const double SampledPart = 0.05;

    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(1);

    /// <summary>False in a build without it (docs/client.md, "Builds").</summary>
    [FeatureSwitchDefinition("Rabbit.Client.Telemetry")]
    private static bool IsIncluded => !AppContext.TryGetSwitch("Rabbit.Client.Telemetry", out bool isIncluded) || isIncluded;

    /// <summary>Begins to export spans; null when nobody wants them. Disposing it sends what is left.</summary>
    public static TracerProvider? StartTraces()
    {
        if (!IsIncluded || !Exports("TRACES"))
            return null;
        TracerProviderBuilder traces = Sdk.CreateTracerProviderBuilder().ConfigureResource(Describe).AddSource(ClientTraces.SourceName).AddOtlpExporter();
        if (Variable("OTEL_TRACES_SAMPLER").Length == 0)
            traces.SetSampler(new ParentBasedSampler(new TraceIdRatioBasedSampler(SampledPart)));
        return traces.Build();
    }

    /// <summary>Exports the log too, where somebody wants it.</summary>
    public static void AddExport(ILoggingBuilder logging)
    {
        if (!IsIncluded || !Exports("LOGS"))
            return;
        logging.AddOpenTelemetry(logs =>
        {
            ResourceBuilder resource = ResourceBuilder.CreateDefault();
            Describe(resource);
            logs.SetResourceBuilder(resource).AddOtlpExporter();
            logs.IncludeFormattedMessage = true;
        });
    }

    /// <summary>
    /// Sends and frees what is left, for a second at most: a receiver that hangs must not keep this program from ending.
    /// </summary>
    public static Task EndAsync(params IDisposable?[] parts) => Task.WhenAny(
        Task.WhenAll(parts.Select(part => Task.Run(() => part?.Dispose()))), Task.Delay(EndLimit));

    private static void Describe(ResourceBuilder resource) =>
        resource.AddService("tunnel-client", serviceVersion: ClientVersion.Text).AddEnvironmentVariableDetector();

    private static bool Exports(string signal) =>
        !Variable("OTEL_SDK_DISABLED").Equals("true", StringComparison.OrdinalIgnoreCase)
        && Variable($"OTEL_{signal}_EXPORTER") != "none"
        && (Variable("OTEL_EXPORTER_OTLP_ENDPOINT").Length > 0 || Variable($"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT").Length > 0);

    private static string Variable(string name) => Environment.GetEnvironmentVariable(name) ?? "";
}
