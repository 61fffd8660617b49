using System.Diagnostics.Metrics;
using Rabbit.Tunneling.Transport;

namespace Rabbit.Host.Telemetry;

/// <summary>What is known of the process itself, looked up whenever metrics are collected.</summary>
internal sealed class HostMetrics(IMeterFactory meters) : IHostedService
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "Rabbit.Host";

    private const string Descriptors = "/proc/self/fd";

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        Meter meter = meters.Create(MeterName);
        if (Directory.Exists(Descriptors))
        {
            meter.CreateObservableUpDownCounter("process.unix.file_descriptor.count", CountDescriptors, "{file_descriptor}", "Open file descriptors.");
        }
        if (OpenFileLimit.Read() is { } limit)
        {
            meter.CreateObservableUpDownCounter(
                "rabbit.process.file_descriptor.limit", () => limit, "{file_descriptor}", "File descriptors that this process may open.");
        }
        meter.CreateObservableGauge(
            "rabbit.build.info", () => new Measurement<long>(1, new KeyValuePair<string, object?>("service.version", RabbitTelemetry.Version)), "1",
            "Always 1; the version is an attribute.");
        meter.CreateObservableCounter("process.cpu.time", MeasureCpu, "s", "Processor time that the process has used.");
        meter.CreateObservableUpDownCounter("process.memory.usage", () => Environment.WorkingSet, "By", "Memory of the process that is in RAM.");
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static long CountDescriptors() => Directory.EnumerateFileSystemEntries(Descriptors).LongCount();

    private static IEnumerable<Measurement<double>> MeasureCpu()
    {
        Environment.ProcessCpuUsage usage = Environment.CpuUsage;
        yield return new Measurement<double>(usage.UserTime.TotalSeconds, new KeyValuePair<string, object?>("cpu.mode", "user"));
        yield return new Measurement<double>(usage.PrivilegedTime.TotalSeconds, new KeyValuePair<string, object?>("cpu.mode", "system"));
    }
}
