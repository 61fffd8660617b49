using System.Diagnostics;
using System.Reflection;
using OpenTelemetry;
using OpenTelemetry.Context.Propagation;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Rabbit.Host.Api.Access;
using Rabbit.Persistence.Telemetry;
using Rabbit.Tunneling;
using Rabbit.Tunneling.Telemetry;

namespace Rabbit.Host.Telemetry;

/// <summary>
/// OpenTelemetry: metrics to be scraped, and metrics, traces and logs to an OTLP receiver where the standard variables name one
/// (docs/telemetry.md).
/// </summary>
internal static class RabbitTelemetry
{
    /// <summary>Of the traces that begin here, where the variables do not choose otherwise.</summary>
    private const double SampledPart = 0.05;

    /// <summary>The program's version, as it names itself.</summary>
    public static string Version { get; } =
        typeof(RabbitTelemetry).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";

    /// <summary>Registers what the variables ask for; nothing listens to the meters and sources otherwise.</summary>
    public static void AddRabbitTelemetry(this WebApplicationBuilder builder)
    {
        TelemetrySettings settings = TelemetrySettings.Read(builder.Configuration);
        if (settings.IsDisabled)
            return;
        // The first to start is the last to stop.
        builder.Services.Insert(0, ServiceDescriptor.Singleton<IHostedService, TelemetryEnd>());
        builder.Services.AddHostedService<HostMetrics>();
        OpenTelemetryBuilder telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("rabbit", serviceVersion: Version, serviceInstanceId: Guid.NewGuid().ToString()).AddEnvironmentVariableDetector())
            .WithMetrics(metrics => AddMetrics(metrics, settings, builder.Configuration));
        if (settings.Traces)
        {
            builder.Services.AddSingleton<DistributedContextPropagator, OwnTraces>();
            // Otherwise the instrumentation would look into the headers by itself.
            Sdk.SetDefaultTextMapPropagator(new TraceContextPropagator());
            telemetry.WithTracing(traces => AddTraces(traces, settings));
        }
        if (settings.Logs)
        {
            telemetry.WithLogging(logs => logs.AddOtlpExporter(), logs =>
            {
                logs.IncludeFormattedMessage = true;
                logs.IncludeScopes = true;
            });
        }
    }

    /// <summary>Maps the page that Prometheus scrapes; it is not there when telemetry is switched off.</summary>
    public static void MapMetrics(this WebApplication server)
    {
        if (!TelemetrySettings.Read(server.Configuration).IsDisabled)
        {
            server.MapPrometheusScrapingEndpoint("/metrics").WithMetadata(new HttpMethodMetadata([HttpMethods.Get, HttpMethods.Head]))
                .RequireAuthorization(Allow.WholeServer).ExcludeFromDescription();
        }
    }

    private static void AddMetrics(MeterProviderBuilder metrics, TelemetrySettings settings, ConfigurationManager configuration)
    {
        int tunnels = configuration.GetSection(TunnelingOptions.Section).Get<TunnelingOptions>()!.TunnelMetrics;
        metrics
            .AddMeter(TunnelingTelemetry.MeterName, PersistenceTelemetry.MeterName, HostMetrics.MeterName)
            .AddMeter(
                "System.Runtime", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "Microsoft.AspNetCore.RateLimiting")
            // Any other instrument keeps to OpenTelemetry's own limit of 2,000 series.
            .AddView(instrument => instrument.Name.StartsWith("rabbit.tunnel.", StringComparison.Ordinal)
                ? new MetricStreamConfiguration { CardinalityLimit = (2 * tunnels) + 2 }
                : null)
            .AddPrometheusExporter(prometheus => prometheus.ScopeInfoEnabled = false);
        if (settings.Metrics)
            metrics.AddOtlpExporter();
    }

    private static void AddTraces(TracerProviderBuilder traces, TelemetrySettings settings)
    {
        traces.AddSource(TunnelingTelemetry.SourceName, "Npgsql").AddAspNetCoreInstrumentation().AddOtlpExporter();
        if (!settings.HasSampler)
            traces.SetSampler(new ParentBasedSampler(new TraceIdRatioBasedSampler(SampledPart)));
    }
}
