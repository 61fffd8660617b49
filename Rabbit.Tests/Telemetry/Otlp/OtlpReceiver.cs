using System.Collections.Concurrent;
using System.Net;
using Google.Protobuf.Collections;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Rabbit.Tests.Telemetry.Otlp;

/// <summary>Receives what programs export by OTLP over gRPC, and keeps it.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication _server;
    private readonly ConcurrentQueue<(string Service, Span Span)> _spans = new();
    private readonly ConcurrentQueue<(string Service, LogRecord Log)> _logs = new();
    private readonly ConcurrentDictionary<(string Service, string Name), Metric> _metrics = new();

    private OtlpReceiver(WebApplication server) => _server = server;

    /// <summary>Variables by which a program exports to it, soon, and all of its traces.</summary>
    public (string Name, string Value)[] Environment => EnvironmentWith("always_on");

    /// <summary>Variables by which a program exports to it, soon.</summary>
    public (string Name, string Value)[] EnvironmentWith(string sampler) =>
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", Address),
        ("OTEL_TRACES_SAMPLER", sampler),
        ("OTEL_BSP_SCHEDULE_DELAY", "100"),
        ("OTEL_BLRP_SCHEDULE_DELAY", "100"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "300"),
    ];

    /// <summary>Where it listens.</summary>
    public string Address => _server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

    /// <summary>Spans with the service that made them.</summary>
    public IReadOnlyList<(string Service, Span Span)> Spans => [.. _spans];

    /// <summary>Log records with the service that wrote them.</summary>
    public IReadOnlyList<(string Service, LogRecord Log)> Logs => [.. _logs];

    /// <summary>The newest state of each metric, by its service and name.</summary>
    public IReadOnlyDictionary<(string Service, string Name), Metric> Metrics => _metrics;

    public static async Task<OtlpReceiver> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        OtlpReceiver? receiver = null;
        builder.Services.AddSingleton(_ => receiver!);
        WebApplication server = builder.Build();
        receiver = new OtlpReceiver(server);
        server.MapGrpcService<Traces>();
        server.MapGrpcService<Measurements>();
        server.MapGrpcService<LogRecords>();
        await server.StartAsync();
        return receiver;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    /// <summary>The text or number of an attribute, or null.</summary>
    public static object? Find(RepeatedField<KeyValue> attributes, string key) => attributes.FirstOrDefault(pair => pair.Key == key)?.Value is not { } value
        ? null
        : value.ValueCase switch
        {
            AnyValue.ValueOneofCase.StringValue => value.StringValue,
            AnyValue.ValueOneofCase.IntValue => value.IntValue,
            _ => value,
        };

    private static string ServiceOf(Resource resource) => (string?)Find(resource.Attributes, "service.name") ?? "";

    private sealed class Traces(OtlpReceiver receiver) : TraceService.TraceServiceBase
    {
        public override Task<ExportTraceServiceResponse> Export(ExportTraceServiceRequest request, ServerCallContext context)
        {
            foreach (ResourceSpans resource in request.ResourceSpans)
            {
                foreach (Span span in resource.ScopeSpans.SelectMany(scope => scope.Spans))
                    receiver._spans.Enqueue((ServiceOf(resource.Resource), span));
            }
            return Task.FromResult(new ExportTraceServiceResponse());
        }
    }

    private sealed class Measurements(OtlpReceiver receiver) : MetricsService.MetricsServiceBase
    {
        public override Task<ExportMetricsServiceResponse> Export(ExportMetricsServiceRequest request, ServerCallContext context)
        {
            foreach (ResourceMetrics resource in request.ResourceMetrics)
            {
                foreach (Metric metric in resource.ScopeMetrics.SelectMany(scope => scope.Metrics))
                    receiver._metrics[(ServiceOf(resource.Resource), metric.Name)] = metric;
            }
            return Task.FromResult(new ExportMetricsServiceResponse());
        }
    }

    private sealed class LogRecords(OtlpReceiver receiver) : LogsService.LogsServiceBase
    {
        public override Task<ExportLogsServiceResponse> Export(ExportLogsServiceRequest request, ServerCallContext context)
        {
            foreach (ResourceLogs resource in request.ResourceLogs)
            {
                foreach (LogRecord log in resource.ScopeLogs.SelectMany(scope => scope.LogRecords))
                    receiver._logs.Enqueue((ServiceOf(resource.Resource), log));
            }
            return Task.FromResult(new ExportLogsServiceResponse());
        }
    }
}
